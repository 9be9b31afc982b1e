import { type Instant, instant } from './clock.js'
import type { Ticket } from './delivery.js'
import type { Entity } from './driver/records.js'
import { BoardClosedError, UnavailableError } from './errors.js'
import { Session, type SessionHost } from './session.js'

/** What the sessions of a board need beside what each session needs. */
export interface SessionsHost extends Omit<SessionHost, 'sessionLost'> {
  /** The board's, for errors. */
  readonly name: string
  readonly sessionTtlMs: number
  readonly newId: () => string
  /** The scope that a new session found. */
  foundScope(scope: string): void
  /** A session ended before the board was closed. */
  announceLoss(session: Session): void
}

/**
 * The session of a board: opened at its first claim, replaced after loss, ended at close.
 *
 * A session that was given up is ended at the backend as soon as that can be reached (CLAIM-14). Entities are announced
 * anew under every new session (ENTITY-1).
 */
export class Sessions {
  readonly #host: SessionsHost
  readonly #entities = new Map<string, Entity>()
  #current: Session | undefined
  #opening: Promise<Session> | undefined
  #closed = false

  constructor(host: SessionsHost) {
    this.#host = host
  }

  /** The session, if there is one that can be used. */
  get current(): Session | undefined {
    return this.#current?.usable ? this.#current : undefined
  }

  /** Looks at the clocks: a process that stood still learns of a loss here. */
  checkTime(): void {
    this.#current?.checkTime()
  }

  /** The session, opened if there is none. @throws UnavailableError, BoardClosedError and what the backend refuses */
  async usable(): Promise<Session> {
    // A call that was on its way when the board was closed must not begin anew what close has ended.
    if (this.#closed) throw new BoardClosedError(this.#host.name)
    return this.current ?? this.#open()
  }

  /** The same within a time limit; an opening is shared by all who wait for it, so each of them bounds it for itself. */
  async within(leftMs: () => number): Promise<Session> {
    const errand = { doing: 'opening a session', write: false }
    return this.current ?? this.#host.courier.deliver(errand, () => this.usable(), leftMs())
  }

  doubt(): void {
    this.#current?.renewSoon()
  }

  /**
   * Resolves once the entity is listed. Should that fail, it is announced under the next session all the same.
   *
   * @throws UnavailableError, BoardClosedError and what the backend refuses
   */
  async announce(entity: Entity): Promise<void> {
    this.#entities.set(JSON.stringify([entity.kind, entity.name]), entity)
    const leftMs = this.#host.courier.countdown()
    // A session may end between two calls; then the same is tried once more under a new one.
    for (let tries = 0; tries < 2; tries++) {
      if (await this.#announce(await this.within(leftMs), entity, leftMs())) return
    }
    throw new UnavailableError(
      `The session ended twice while ${entity.kind} ${entity.name} was being announced`,
    )
  }

  /** Aborts the signals of all claims and gives them back (CLAIM-12). */
  async close(): Promise<void> {
    this.#closed = true
    await this.#opening?.catch(() => {})
    const session = this.current
    if (session === undefined) return
    session.retire('closed')
    const { courier, driver } = this.#host
    await courier.deliver({ doing: 'ending the session', write: false }, ticket => {
      ticket.sent = true
      return courier.bounded(driver.endSession({ id: session.id }, 'closed'))
    })
  }

  #open(): Promise<Session> {
    this.#opening ??= this.#start().finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  async #start(): Promise<Session> {
    const { courier, driver, clock, sessionTtlMs } = this.#host
    const request = { id: this.#host.newId(), ttlMs: sessionTtlMs }
    let sentAt: Instant | undefined
    const grant = await courier.deliver({ doing: 'opening a session', write: false }, (ticket: Ticket) => {
      // Of the first send: a later one is answered with the session that the first one made.
      sentAt ??= instant(clock)
      ticket.sent = true
      return courier.bounded(driver.startSession(request))
    })
    const session = new Session(
      { ...this.#host, sessionLost: (lost, toldBy) => this.#lost(lost, toldBy) },
      grant,
      sentAt ?? instant(clock),
    )
    // The grant took so long, or this process stood still, that its time was over before it came.
    if (!session.usable)
      throw new UnavailableError('The session had ended before the answer to its opening came')
    this.#current = session
    this.#host.foundScope(session.scope)
    void this.#announceAll(session)
    return session
  }

  /** False when the session turns out to be over: the next one announces everything. */
  async #announce(session: Session, entity: Entity, limitMs?: number): Promise<boolean> {
    const { courier, driver } = this.#host
    const answer = await courier.deliver(
      { doing: `announcing ${entity.kind} ${entity.name}`, write: true },
      ticket => {
        ticket.sent = true
        return courier.bounded(driver.administer({ kind: 'announce', session: { id: session.id }, entity }))
      },
      limitMs,
    )
    if (answer.kind === 'over') session.isOver()
    return answer.kind === 'announced'
  }

  /** In the background and until it is done: a claim that opened the session should not wait for it. */
  async #announceAll(session: Session): Promise<void> {
    for (const entity of [...this.#entities.values()]) {
      await this.#persist('announcing entities', session.ttlMs, async () => {
        if (session.usable) await this.#announce(session, entity)
      })
    }
  }

  #lost(session: Session, toldBy: 'backend' | 'clock'): void {
    if (this.#current === session) this.#current = undefined
    this.#host.announceLoss(session)
    if (toldBy === 'clock') void this.#endAtBackend(session)
    if (this.#entities.size > 0) void this.#reopen()
  }

  /** Until the backend answers: before that it may still hold the session's claims for us. */
  #endAtBackend(session: Session): Promise<void> {
    const { courier, driver } = this.#host
    return this.#persist('ending a session that was given up', session.ttlMs, () =>
      courier.bounded(driver.endSession({ id: session.id }, 'lost')),
    )
  }

  /**
   * A board that announced entities wants them listed again, also when it claims nothing. Not at once: a backend that ends
   * every session right away would be asked without pause.
   */
  async #reopen(): Promise<void> {
    await this.#pause(this.#host.sessionTtlMs / 12)
    await this.#persist('opening a session for entities', this.#host.sessionTtlMs, async () => {
      await this.usable()
    })
  }

  #pause(ms: number): Promise<void> {
    return new Promise(resolve => this.#host.clock.setTimeout(resolve, ms).unref())
  }

  /** Tries until it succeeds or the board is closed; never rejects. */
  async #persist(during: string, ttlMs: number, attempt: () => Promise<void>): Promise<void> {
    while (!this.#closed) {
      try {
        return await attempt()
      } catch (error) {
        this.#host.trouble(error, during)
        await this.#pause(ttlMs / 3)
      }
    }
  }
}
