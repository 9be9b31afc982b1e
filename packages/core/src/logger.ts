/** Where a board writes what no caller learns of otherwise. `console` and the usual loggers fit. */
export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
}

const nothing = (): void => {}

/** Writes nothing: the default, since a library should be silent. Events tell the same. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }

/** The same logger, whose own trouble harms nobody: it would end a renewal, or the process (FAULT-5). */
export function harmless(logger: Logger): Logger {
  const write = (level: keyof Logger) => {
    return (...entry: Parameters<Logger['warn']>): void => {
      try {
        const result: unknown = logger[level](...entry)
        if (result instanceof Promise) result.catch(nothing)
      } catch {
        // There is nowhere left to tell of it.
      }
    }
  }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}
