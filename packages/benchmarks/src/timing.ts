/** Milliseconds that something takes. */
export async function timed(what: () => Promise<unknown>): Promise<number> {
  const from = performance.now()
  await what()
  return performance.now() - from
}

/**
 * Milliseconds of processor time that something takes, those of the garbage collector's threads included: for what
 * computes and does not wait, the figure that other programs on the machine disturb least.
 */
export async function computed(what: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await what()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
