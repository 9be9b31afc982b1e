/** Listeners by event. One that throws harms nobody else: its error goes to `onThrow` (WATCH-4). */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(payload: never) => unknown>>()
  readonly #onThrow: (error: unknown, event: keyof Events) => void

  constructor(onThrow: (error: unknown, event: keyof Events) => void) {
    this.#onThrow = onThrow
  }

  /** Adds a listener; the answer removes it. Added twice, it is called once. */
  on<E extends keyof Events>(event: E, listener: (payload: Events[E]) => unknown): () => void {
    const listeners = this.#listeners.get(event) ?? new Set()
    this.#listeners.set(event, listeners.add(listener))
    return () => this.off(event, listener)
  }

  off<E extends keyof Events>(event: E, listener: (payload: Events[E]) => unknown): void {
    this.#listeners.get(event)?.delete(listener)
  }

  has(event: keyof Events): boolean {
    return (this.#listeners.get(event)?.size ?? 0) > 0
  }

  emit<E extends keyof Events>(event: E, payload: Events[E]): void {
    // A copy: a listener may remove itself or add others.
    for (const listener of [...(this.#listeners.get(event) ?? [])]) this.#call(event, listener, payload)
  }

  #call<E extends keyof Events>(event: E, listener: (payload: never) => unknown, payload: Events[E]): void {
    try {
      const result = listener(payload as never)
      // An async listener's rejection would otherwise end the process (FAULT-5).
      if (result instanceof Promise) result.catch(error => this.#onThrow(error, event))
    } catch (error) {
      this.#onThrow(error, event)
    }
  }
}
