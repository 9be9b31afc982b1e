/** Parameters of a flow, by name. */
export type Store = Readonly<Record<string, unknown>>

/** One workflow within a logbook, as far as boards know it. */
export interface FlowDetail {
  readonly uuid: string
  readonly name: string
  /** `meta.store` holds the flow's own parameters. */
  readonly meta?: Readonly<Record<string, unknown>>
}

/** The record of the workflows that belong together. A job refers to a book by name and uuid. */
export interface LogBook {
  readonly uuid: string
  readonly name: string
  readonly flowDetails: readonly FlowDetail[]
}
