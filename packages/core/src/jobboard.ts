import { setMaxListeners } from 'node:events'
import { Administering, type ForceOptions } from './administering.js'
import {
  checkClaimNext,
  checkClaims,
  checkEntity,
  checkForce,
  checkIter,
  checkOwner,
  checkWait,
  checkWaitForJob,
  idOf,
} from './arguments.js'
import { Batcher, batchLimits } from './batcher.js'
import type { ClaimNextOptions, EntityOptions, IterOptions, WaitForJobOptions } from './call-options.js'
import { Chooser } from './chooser.js'
import type { AbandonOptions, Claim, TrashOptions } from './claim.js'
import { Claiming } from './claiming.js'
import { type ClaimsOptions, claimsLoop } from './claims-loop.js'
import { elapsedSince, instant } from './clock.js'
import { Connection } from './connection.js'
import { type Parts, resolveParts } from './container.js'
import { Courier } from './courier.js'
import type { Capability } from './driver/capabilities.js'
import type { BackendFacts, Counts, JobboardDriver, PostAnswer } from './driver/driver.js'
import type { Entity, JobRecord, Posting } from './driver/records.js'
import { BoardClosedError, NotConnectedError, OutcomeUnknownError, PostingConflictError } from './errors.js'
import type { JobboardEventName, JobboardEvents } from './events.js'
import { feed } from './feed.js'
import { Job, type JobSource, TrashedJob } from './job.js'
import { checkJobboardOptions, type JobboardOptions } from './options.js'
import { makePosting, type PostOptions, traceOf } from './posting.js'
import { Reading } from './reading.js'
import { Reports } from './reports.js'
import type { Session } from './session.js'
import { Sessions } from './sessions.js'
import { Waiting } from './waiting.js'
import { Wakeups } from './wakeups.js'

/**
 * A board on which producers post jobs and workers claim, work and consume them.
 *
 * It gives every driver the same behaviour: checks, defaults, batching, sessions, retries and errors are here, and a
 * driver only stores. Every call ends within `requestTimeoutMs`, and every claim is kept alive until it is settled.
 *
 * ```ts
 * await using board = await new Jobboard(sqlite({ dir: './board' })).connect()
 * await board.post('resize', { details: { photo: 7 } })
 * for await (const claim of board.claims()) {
 *   await resize(claim.job.details, claim.signal)
 *   await claim.consume()
 * }
 * ```
 *
 * It is TaskFlow's `JobBoard` (`taskflow/jobs/base.py`), with claims that are objects.
 */
export class Jobboard implements AsyncDisposable {
  /** The label that the board was given. */
  readonly name: string
  /** What the backend can do beyond the laws. */
  readonly capabilities: readonly Capability[]
  readonly #parts: Parts
  readonly #courier: Courier
  readonly #connection: Connection
  readonly #reports: Reports
  readonly #wakeups: Wakeups
  readonly #reading: Reading
  readonly #waiting: Waiting
  readonly #administering: Administering
  readonly #chooser: Chooser | undefined
  readonly #posts: Batcher<Posting, PostAnswer>
  readonly #source: JobSource
  readonly #closing = new AbortController()
  #facts: BackendFacts | undefined
  #connecting: Promise<this> | undefined
  #closed: Promise<void> | undefined
  #sessions: Sessions | undefined
  #claiming: Claiming | undefined

  /**
   * Makes a board; `connect()` then reaches for the backend.
   *
   * @throws InvalidOptionsError
   */
  constructor(driver: JobboardDriver, options: JobboardOptions = {}) {
    this.#parts = resolveParts(driver, checkJobboardOptions(options))
    // Each worker of this board listens to it, and Node warns of more than ten listeners.
    setMaxListeners(0, this.#closing.signal)
    const { settings, clock } = this.#parts
    this.name = settings.name
    this.capabilities = driver.info.capabilities
    this.#courier = new Courier(clock, settings.requestTimeoutMs)
    this.#connection = new Connection(driver, this.#courier)
    this.#reports = new Reports(settings.name, this.#parts.logger)
    this.#wakeups = new Wakeups(clock)
    this.#reading = new Reading(driver, this.#courier, entry => this.#reports.malformed(entry))
    this.#administering = new Administering(driver, this.#courier, this.#reading)
    this.#posts = new Batcher(postings => driver.post(postings), this.#courier, batchLimits(driver))
    this.#waiting = new Waiting({
      clock,
      reading: this.#reading,
      wakeups: this.#wakeups,
      refreshMs: settings.refreshMs,
      checkOpen: () => this.#ready(),
    })
    this.#chooser = driver.claimNext === undefined ? this.#makeChooser() : undefined
    this.#source = {
      look: (jobId, seenInScope) => {
        this.#ready()
        return this.#waiting.look(jobId, seenInScope)
      },
      waitForEnd: async (job, options) => {
        this.#ready()
        return this.#waiting.forEnd(job, checkWait(options))
      },
    }
  }

  /** Whether `connect` has resolved and `close` was not called. It says nothing about the backend at this moment. */
  get connected(): boolean {
    return this.#facts !== undefined && this.#closed === undefined
  }

  /** The board's incarnation, within which fencing tokens are compared. @throws NotConnectedError */
  get scope(): string {
    return this.#ready().facts.scope
  }

  /** The server's name and version, for people. @throws NotConnectedError */
  get server(): string {
    return this.#ready().facts.server
  }

  /**
   * Reaches for the backend and makes what the board needs there. Called again it answers the same; after a failure it
   * tries anew.
   *
   * @throws UnavailableError, AuthenticationError, PermissionDeniedError, IncompatibleBackendError, BoardClosedError
   */
  async connect(): Promise<this> {
    if (this.#closed !== undefined) throw new BoardClosedError(this.name)
    this.#connecting ??= this.#connect().catch(error => {
      this.#connecting = undefined
      throw error
    })
    return this.#connecting
  }

  /**
   * Puts a job on the board. Resolves once the backend has it as durably as it is configured to; many posts in flight
   * share round trips.
   *
   * With an `id` that the board, its trash or a receipt knows nothing is added, and the answer tells where that job
   * stands: COMPLETE for one that was consumed, UNKNOWN for one that was purged from the trash.
   *
   * @throws InvalidPostingError before anything is sent.
   * @throws PostingConflictError when the id is in use for other content.
   * @throws OutcomeUnknownError when no answer came in time; post again under its `jobId`.
   */
  async post(name: string, options: PostOptions = {}): Promise<Job> {
    const { facts } = this.#ready()
    const { newId, settings, clock } = this.#parts
    const posting = makePosting(name, options, newId, settings.maxPayloadBytes)
    const began = instant(clock)
    const errand = { doing: 'posting', jobId: posting.id, write: true }
    const answer = await this.#courier.deliver(errand, ticket => {
      // A job that was posted, consumed and forgotten would be posted a second time, also by a send that takes its time.
      const latestMs = elapsedSince(began, clock) + this.#courier.sendLimitMs
      if (ticket.doubtful && latestMs >= settings.rememberMs) {
        return Promise.reject(new OutcomeUnknownError(errand.doing, posting.id))
      }
      return this.#posts.submit(posting, ticket)
    })
    if (answer.kind === 'conflict') throw new PostingConflictError(posting.id)
    if (answer.kind === 'posted' || answer.kind === 'same') return this.#job(answer.job)
    const state = answer.kind === 'consumed' ? 'COMPLETE' : 'UNKNOWN'
    return new Job(this.#source, traceOf(posting, clock.now()), state, facts.scope)
  }

  /**
   * Shows the jobs in LIST-1 order, read page by page. Jobs that come and go meanwhile never make it throw.
   *
   * @throws UnavailableError, and BoardClosedError when the board is closed before the end
   */
  async *iterJobs(options: IterOptions = {}): AsyncGenerator<Job, void, undefined> {
    this.#ready()
    const { state: states, fresh, names } = checkIter(options)
    const query = { kind: 'list', states, fresh } as const
    for await (const record of this.#reading.pages(names === undefined ? query : { ...query, names })) {
      yield this.#job(record)
      this.#ready()
    }
  }

  /** Looks a job up on the board and in the trash; undefined when it was consumed or never there. @throws UnavailableError */
  async find(job: Job | string): Promise<Job | undefined> {
    this.#ready()
    const found = await this.#reading.job(idOf(job))
    return typeof found.job === 'object'
      ? new Job(this.#source, found.job, undefined, found.scope)
      : undefined
  }

  /** How many jobs are claimable now, delayed, claimed and in the trash. @throws UnavailableError */
  async count(): Promise<Counts> {
    this.#ready()
    return this.#reading.read('counting', { kind: 'counts' })
  }

  /** Who holds a job; undefined when nobody does, or when it is not on the board. */
  async findOwner(job: Job | string): Promise<string | undefined> {
    return (await this.find(job))?.owner
  }

  /**
   * Claims a job: nobody else can, until it is settled or its session ends.
   *
   * @throws AlreadyClaimedError, also when the holder has the same name (CLAIM-2)
   * @throws NotAvailableYetError, JobNotFoundError
   * @throws OutcomeUnknownError when no answer came in time; should the claim have been made, it is ended again.
   */
  async claim(job: Job | string, owner: string = this.#parts.settings.owner): Promise<Claim> {
    const { claiming } = this.#ready()
    return claiming.claim(idOf(job), checkOwner(owner))
  }

  /** Claims the first claimable job in LIST-1 order (CLAIM-5); undefined when there is none at this moment. */
  async claimNext(options: ClaimNextOptions = {}): Promise<Claim | undefined> {
    const { claiming } = this.#ready()
    const { owner, names } = checkClaimNext(options, this.#parts.settings.owner)
    const next = await claiming.claimNext(owner, names)
    return next.claim
  }

  /**
   * Claims job after job, as capacity frees, and sleeps while there is none: the loop of a worker.
   *
   * It ends when `signal` aborts or the board is closed. Faults that may pass are ridden out and told as `error` events.
   */
  async *claims(options: ClaimsOptions = {}): AsyncGenerator<Claim, void, undefined> {
    const { claiming } = this.#ready()
    const { signal, ...wish } = checkClaims(options, this.#parts.settings.owner)
    const closing = this.#closing.signal
    yield* claimsLoop(
      {
        claiming,
        wakeups: this.#wakeups,
        refreshMs: this.#parts.settings.refreshMs,
        trouble: (error, during) => this.#reports.trouble(error, during),
      },
      { ...wish, signal: signal === undefined ? closing : AbortSignal.any([signal, closing]) },
    )
  }

  /** Consumes the claim that this board holds on a job. @throws ClaimNotHeldError and what `Claim.consume` throws */
  async consume(job: Job | string, owner?: string): Promise<void> {
    await this.#ready().claiming.held(idOf(job), owner).consume()
  }

  /** Abandons the claim that this board holds on a job. @throws ClaimNotHeldError and what `Claim.abandon` throws */
  async abandon(job: Job | string, owner?: string, options?: AbandonOptions): Promise<void> {
    await this.#ready().claiming.held(idOf(job), owner).abandon(options)
  }

  /** Trashes the job of a claim that this board holds. @throws ClaimNotHeldError and what `Claim.trash` throws */
  async trash(job: Job | string, owner: string | undefined, options: TrashOptions): Promise<void> {
    await this.#ready().claiming.held(idOf(job), owner).trash(options)
  }

  /**
   * Waits until there is a claimable job and shows it; undefined at the timeout (TaskFlow's `JobBoard.wait`).
   *
   * Somebody else may claim it first: `claims()` is the loop for workers. A look that is under way at the timeout is waited for, at
   * most `requestTimeoutMs`.
   *
   * @throws BoardClosedError, UnavailableError when the look at the end cannot be had, the reason of the signal when it aborts
   */
  async waitForJob(options: WaitForJobOptions = {}): Promise<Job | undefined> {
    this.#ready()
    const { names, ...wait } = checkWaitForJob(options)
    const record = await this.#waiting.forJob(names, wait)
    return record && this.#job(record)
  }

  /**
   * Ends somebody's claim, for operators; it counts as lost, and its owner is told within one renewal (CLAIM-13).
   *
   * @throws ClaimChangedError when the job has another claim by now, or none.
   * @throws JobNotFoundError
   */
  async forceRelease(job: Job | string, options: ForceOptions): Promise<void> {
    this.#ready()
    checkForce(options)
    await this.#administering.force(idOf(job), options)
  }

  /** Shows this board's trash, oldest first. @throws UnavailableError */
  async *trashed(): AsyncGenerator<TrashedJob, void, undefined> {
    const { facts } = this.#ready()
    for await (const record of this.#reading.pages({ kind: 'trash' })) {
      yield new TrashedJob(this.#source, this, record, facts.scope)
      this.#ready()
    }
  }

  /** Moves a job from the trash back to the board (SETTLE-5). @throws JobNotFoundError */
  async restore(job: Job | string): Promise<Job> {
    this.#ready()
    return this.#job(await this.#administering.restore(idOf(job)))
  }

  /** Deletes a job from the trash for good. @throws JobNotFoundError */
  async purge(job: Job | string): Promise<void> {
    this.#ready()
    await this.#administering.purge(idOf(job))
  }

  /**
   * Announces a participant, for as long as this board's session lives and anew under the next one (ENTITY-1).
   *
   * Kind and name are unique on the board: who announces them last has them. When this rejects, the entity is announced under the
   * next session all the same.
   *
   * @throws InvalidArgumentError, UnavailableError, OutcomeUnknownError
   */
  async registerEntity(entity: EntityOptions): Promise<void> {
    await this.#ready().sessions.announce(checkEntity(entity, this.#parts.settings.maxPayloadBytes))
  }

  /** The participants that are announced at this moment. @throws UnavailableError */
  async entities(): Promise<readonly Entity[]> {
    this.#ready()
    return this.#reading.read('listing entities', { kind: 'entities' })
  }

  /** Adds a listener; the answer removes it. A listener that throws harms nobody else (WATCH-4). */
  on<E extends JobboardEventName>(event: E, listener: (payload: JobboardEvents[E]) => unknown): () => void {
    return this.#reports.events.on(event, listener)
  }

  /** Removes a listener. */
  off<E extends JobboardEventName>(event: E, listener: (payload: JobboardEvents[E]) => unknown): void {
    this.#reports.events.off(event, listener)
  }

  /**
   * Ends the board for good: waits for calls in flight, aborts the signals of unsettled claims and gives these back, to
   * be taken over by the next claimer (CLAIM-12). A client or database that was passed in stays open.
   *
   * Ends within `requestTimeoutMs`. When the backend cannot be told, the claims run out by themselves.
   *
   * @throws UnavailableError when the driver does not close in time.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #connect(): Promise<this> {
    const { driver, settings, clock, logger, newId } = this.#parts
    const { name: label, requestTimeoutMs, rememberMs, refreshMs } = settings
    const sink = feed({
      clock,
      emitter: this.#reports.events,
      wakeups: this.#wakeups,
      chooser: this.#chooser,
      doubt: () => this.#sessions?.doubt(),
      malformed: entry => this.#reports.malformed(entry),
      trouble: (error, during) => this.#reports.trouble(error, during),
    })
    const callTimeoutMs = this.#courier.sendLimitMs
    const environment = { label, clock, logger, callTimeoutMs, rememberMs, refreshMs, newId }
    const facts = await this.#connection.open(sink, environment, requestTimeoutMs)
    if (this.#closed !== undefined) throw new BoardClosedError(this.name)
    this.#facts = facts
    this.#sessions = this.#makeSessions()
    this.#claiming = new Claiming({
      driver,
      courier: this.#courier,
      sessions: this.#sessions,
      newId,
      chooser: this.#chooser,
      job: record => this.#job(record),
    })
    return this
  }

  #makeSessions(): Sessions {
    const { driver, settings, clock, newId } = this.#parts
    return new Sessions({
      name: this.name,
      driver,
      clock,
      courier: this.#courier,
      rememberMs: settings.rememberMs,
      sessionTtlMs: settings.sessionTtlMs,
      newId,
      foundScope: scope => {
        if (this.#facts !== undefined) this.#facts = { ...this.#facts, scope }
      },
      claimLost: (claim, error) =>
        this.#reports.events.emit('claimLost', { jobId: claim.job.id, owner: claim.owner, error }),
      announceLoss: (session: Session) =>
        this.#reports.events.emit('sessionLost', { sessionId: session.id, at: new Date(clock.now()) }),
      trouble: (error, during) => this.#reports.trouble(error, during),
    })
  }

  #makeChooser(): Chooser {
    const { driver, settings, clock } = this.#parts
    return new Chooser({
      driver,
      clock,
      spreadWindow: settings.spreadWindow,
      refreshMs: settings.refreshMs,
      look: (doing, call) =>
        this.#courier.deliver({ doing, write: false }, () => this.#courier.bounded(call())),
      malformed: entries => this.#reading.reportAll(entries),
    })
  }

  async #close(): Promise<void> {
    const { settings } = this.#parts
    this.#closing.abort(new BoardClosedError(this.name))
    this.#wakeups.all()
    const partMs = settings.requestTimeoutMs / 3
    // None of these may keep a board from closing: what cannot be told to the backend runs out there by itself.
    const settled = Promise.all([this.#courier.idle(), this.#connection.settled()])
    await this.#courier.bounded(settled, partMs).catch(error => this.#reports.trouble(error, 'closing'))
    if (this.#sessions !== undefined) {
      await this.#courier
        .bounded(this.#sessions.close(), partMs)
        .catch(error => this.#reports.trouble(error, 'closing the session'))
    }
    // From here on the driver is not called any more, but for its end.
    this.#courier.close(new BoardClosedError(this.name))
    await this.#connection.close(partMs)
  }

  #job(record: JobRecord): Job {
    return new Job(this.#source, record, undefined, this.#facts?.scope)
  }

  /** Every call looks at the clocks first, so that a process which stood still learns of its losses (CLAIM-8). */
  #ready(): { readonly facts: BackendFacts; readonly sessions: Sessions; readonly claiming: Claiming } {
    if (this.#closed !== undefined) throw new BoardClosedError(this.name)
    if (this.#facts === undefined || this.#sessions === undefined || this.#claiming === undefined) {
      throw new NotConnectedError(this.name)
    }
    this.#sessions.checkTime()
    return { facts: this.#facts, sessions: this.#sessions, claiming: this.#claiming }
  }
}
