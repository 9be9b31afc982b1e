import { exitStatus } from './exit-codes.js'

let status: number = exitStatus.done

/** Chooses the exit status of a command that comes to its end, where that is not 0. */
export function endWith(code: number): void {
  status = code
}

/** The status that was chosen. */
export function chosenStatus(): number {
  return status
}
