/**
 * Runs `step` so many times, `workers` of them at once: each worker begins its next one when its last one has ended.
 * The same for every contender, so all have the same number in flight.
 */
export async function inFlight(
  workers: number,
  count: number,
  step: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0
  const work = async (): Promise<void> => {
    while (next < count) await step(next++)
  }
  await Promise.all(Array.from({ length: workers }, work))
}
