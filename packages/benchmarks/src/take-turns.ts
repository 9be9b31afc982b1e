/** The means of both sides, run in turns, so that a noisy machine disturbs both alike. */
export async function takeTurns(
  turns: number,
  reference: () => Promise<number>,
  ours: () => Promise<number>,
): Promise<{ readonly reference: number; readonly ours: number }> {
  const sum = { reference: 0, ours: 0 }
  for (let turn = 0; turn < turns; turn++) {
    const order = turn % 2 === 0 ? (['reference', 'ours'] as const) : (['ours', 'reference'] as const)
    for (const side of order) sum[side] += await (side === 'ours' ? ours() : reference())
  }
  return { reference: sum.reference / turns, ours: sum.ours / turns }
}
