import { historyNow } from './history.js'

const beatMs = 50
const longestBeatMs = 150

/**
 * Tells of times in which this process did not run, for whatever reason, and so could not have told anyone of a lost claim
 * (CLAIM-8 speaks of a process that runs). Returns what ends the watch.
 */
export function watchStalls(tell: (from: number, until: number) => void): () => void {
  let last = historyNow()
  const beat = setInterval(() => {
    const now = historyNow()
    if (now - last > longestBeatMs) tell(last, now)
    last = now
  }, beatMs)
  beat.unref()
  return () => clearInterval(beat)
}
