/** Stands for work that takes a while and stops when the claim is lost. */
export async function resize(details: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  console.log(`resizing ${details['file']} to ${details['width']} pixels`)
}
