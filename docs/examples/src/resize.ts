import { setTimeout as sleep } from 'node:timers/promises'

/** Stands for work that takes a while, a millisecond for each pixel, and stops when the claim is lost. */
export async function resize(details: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<void> {
  console.log(`resizing ${details['file']} to ${details['width']} pixels`)
  await sleep(Number(details['width']), undefined, { signal })
}
