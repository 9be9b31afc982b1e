// First of all imports: tsyringe throws at its own import without it.
import 'reflect-metadata'
import { randomUUID } from 'node:crypto'
import { type InjectionToken, instanceCachingFactory, container as rootContainer } from 'tsyringe'
import { type Clock, systemClock } from './clock.js'
import type { JobboardDriver } from './driver/driver.js'
import { harmless, type Logger, silentLogger } from './logger.js'
import type { BoardSettings, JobboardOptions } from './options.js'

/**
 * The tokens under which a board looks up its parts.
 *
 * Register one in a container of yours and pass that as `container`; the board makes a child of it, so that several
 * boards share a registration and none sees another one's. Plain options stand above registrations.
 */
export const tokens: {
  readonly clock: InjectionToken<Clock>
  readonly logger: InjectionToken<Logger>
  readonly newId: InjectionToken<() => string>
} = {
  clock: Symbol.for('@jobboard/core/clock'),
  logger: Symbol.for('@jobboard/core/logger'),
  newId: Symbol.for('@jobboard/core/newId'),
}

/** The parts of a board that can be replaced. */
export interface Parts {
  readonly driver: JobboardDriver
  readonly settings: BoardSettings
  readonly clock: Clock
  readonly logger: Logger
  readonly newId: () => string
}

/** One child container per board; nothing is registered in the parent, nor in tsyringe's global one. */
export function resolveParts(driver: JobboardDriver, settings: BoardSettings & JobboardOptions): Parts {
  const container = (settings.container ?? rootContainer).createChildContainer()
  const part = <T>(token: InjectionToken<T>, option: T | undefined, standard: () => T): T => {
    // The global container has parents' rights only where it was passed: who registers there may mean somebody else.
    const registered = container.isRegistered(token, settings.container !== undefined)
    if (option !== undefined) container.register<T>(token, { useValue: option })
    else if (!registered) container.register<T>(token, { useFactory: instanceCachingFactory(standard) })
    return container.resolve(token)
  }
  return {
    driver,
    settings,
    clock: part(tokens.clock, settings.clock, () => systemClock),
    logger: harmless(part(tokens.logger, settings.logger, () => silentLogger)),
    newId: part(tokens.newId, settings.newId, () => newUuid),
  }
}

/** Random, and in one piece: Node puts a UUID together from many, which V8 keeps apart, and ids live long. */
function newUuid(): string {
  const id = randomUUID()
  // Reading a character is what joins them.
  id.charCodeAt(0)
  return id
}
