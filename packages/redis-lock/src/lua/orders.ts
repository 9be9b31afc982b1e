/** `remember`, job, token, reason. */
export const force: string = `
local id, token = ARGV[2], ARGV[3]
if call('HEXISTS', listings, id) == 0 then
  tell()
  return { 'missing' }
end
local job = checked(id)
local owner, current = owner_of(id), nil
if job.claim then
  current = job.token
elseif owner and owner ~= delayed then
  current = foreign_token(owner)
  job.owner, job.token = owner, current
end
local done = job.forced == token
if current == token then
  release(job, 'forced', { at = now, reason = ARGV[4] })
  done = true
end
tell()
if done then return { 'released' } end
return { 'changed', current or false }
`

const ofTheTrash = `
local id = ARGV[2]
local job, bytes = job_of(id), call('HGET', trash, id)
if not bytes or not job.score or int(job.score % seats_per_rank) ~= ARGV[3] then
  tell()
  return { 'missing', call('HEXISTS', listings, id) }
end
`

/** `remember`, job, its order in the trash. */
export const restore: string = `
${ofTheTrash}
local key, rank = companion(id), math.floor(job.score / seats_per_rank)
job.score = int(rank * seats_per_rank + next_order())
call('HSET', listings, id, bytes)
call('HDEL', trash, id)
call('ZREM', bin, id)
call('HDEL', key, 'n', 'f', 'l', 'lb', 'pv', 'fx', 'at', 'tr', 'te', 'tw', 'ta')
call('HSET', key, 's', job.score)
call('ZADD', all, job.score, id)
offer(job)
note(id, 'posted', 'restored', job.name)
tell()
return { 'restored', row(job_of(id), bytes, owner_of(id)) }
`

/** `remember`, job, its order in the trash. */
export const purge: string = `
${ofTheTrash}
call('HDEL', trash, id)
call('ZREM', bin, id)
leave(job, 'trash')
tell()
return { 'purged' }
`

/** `remember`, session, key of the entity, the entity. */
export const announce: string = String.raw`
local alive = session_of(ARGV[2])
if alive then
  call('HSET', entities, ARGV[3], ARGV[2] .. '\n' .. ARGV[4])
  call('HSET', board .. ':s:' .. ARGV[2], 'e:' .. ARGV[3], '')
end
tell()
return { alive and 'announced' or 'over' }
`
