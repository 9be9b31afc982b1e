/** `remember`, then per posting: id, hash, name, rank, delay in ms, bytes before and after the time of creation. */
export const post: string = `
local answers = {}

local function store(id, hash, name, rank, delay_ms, before, after)
  local order = next_order()
  local job = { id = id, name = name, score = int(rank * seats_per_rank + order) }
  local bytes = before .. stamp() .. after .. cmsgpack.pack(order)
  local key = companion(id)
  call('HSET', listings, id, bytes)
  call('HSET', key, 's', job.score, 'nm', name, 'h', hash)
  call('ZADD', all, job.score, id)
  local owner = owner_of(id)
  if delay_ms > 0 then
    local at = int(now + delay_ms)
    owner = delayed
    call('SET', ns .. id .. '.owned', delayed, 'PXAT', at)
    call('HSET', key, 'at', at)
    call('ZADD', due, at, id)
  elseif owner then
    look_later(job)
  else
    offer(job)
  end
  note(id, 'posted', '', name)
  return { 'posted', row(job_of(id), bytes, owner) }
end

for i = 2, #ARGV, 7 do
  local id, hash = ARGV[i], ARGV[i + 1]
  local there = call('HGET', listings, id)
  local thrown = not there and call('HGET', trash, id)
  if there or thrown then
    answers[#answers + 1] = { 'there', row(job_of(id), there or thrown, thrown and '' or owner_of(id)) }
  else
    local how, content = left(id)
    if how then
      answers[#answers + 1] = { content == hash and how or 'conflict' }
    else
      answers[#answers + 1] =
        store(id, hash, ARGV[i + 2], tonumber(ARGV[i + 3]), tonumber(ARGV[i + 4]), ARGV[i + 5], ARGV[i + 6])
    end
  end
end
tell()
return { 'ok', answers }
`
