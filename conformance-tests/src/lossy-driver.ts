/**
 * What a fault can strike. `consume`, `abandon` and `trash` are `settle` calls with an ending of that kind; a `settle`
 * that carries wishes is a `claimNext` too. `any` is every member but `open` and `close`.
 */
export type FaultMember =
  | 'post'
  | 'read'
  | 'startSession'
  | 'renew'
  | 'endSession'
  | 'claim'
  | 'claimNext'
  | 'settle'
  | 'consume'
  | 'abandon'
  | 'trash'
  | 'administer'
  | 'any'

/** One kind of trouble between core and a driver, and the calls that it strikes. */
export type Fault = {
  /** Boards on backends that cannot choose claim by `claim`: name both to strike `claimNext` on every driver. */
  readonly member: FaultMember | readonly FaultMember[]
  /** How many calls it strikes. @default 1, and for `down` every call until the fault is lifted */
  readonly times?: number
  /** Matching calls that pass unharmed before. @default 0 */
  readonly skip?: number
} & (
  | /** The driver does it; the caller is told `unavailable`, maybe done. */ { readonly kind: 'lostReply' }
  | /** The driver never hears of it; the caller is told `unavailable`, maybe done. */ {
      readonly kind: 'lostRequest'
    }
  | {
      /** The caller is told `unavailable`, maybe done, at once; the driver hears of it later. */
      readonly kind: 'lateArrival'
      /** After so many further calls of any member; left out: when it is released. */
      readonly afterCalls?: number
    }
  | /** The driver does it twice, one after the other; the caller gets the second answer. */ {
      readonly kind: 'doubled'
    }
  | /** The driver never hears of it, and the caller never hears again. */ { readonly kind: 'hang' }
  | /** The caller is told `unavailable`, not done. */ { readonly kind: 'down' }
  | { /** The driver hears of it so much later. */ readonly kind: 'slow'; readonly ms: number }
)
