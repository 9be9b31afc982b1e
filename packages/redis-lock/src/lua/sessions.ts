/** `remember`, a scope for a board that has none. What is due was done before; answers when the next thing is. */
export const open: string = `
local scope = scope_or(ARGV[2])
tell()
return { 'ok', scope, next_change() }
`

/** `remember`, id, time to live in ms, a scope for a board that has none. */
export const startSession: string = `
local id, ttl = ARGV[2], ARGV[3]
if not session_of(id) then
  call('ZADD', sessions, int(now + ttl), id)
  call('HSET', board .. ':s:' .. id, 'ttl', ttl, 'remember', remember_ms)
end
tell()
return { 'ok', call('HGET', board .. ':s:' .. id, 'ttl'), scope_or(ARGV[4]) }
`

/** `remember`, session, then ids of the claims that it knows of. */
export const renew: string = `
local id = ARGV[2]
if not session_of(id) then
  tell()
  return { 'over' }
end
local expires_at = int(now + call('HGET', board .. ':s:' .. id, 'ttl'))
call('ZADD', sessions, expires_at, id)
local known = {}
for i = 3, #ARGV do known[ARGV[i]] = true end

-- The lock is renewed for TaskFlow, which knows of no sessions.
local there, unnamed = {}, {}
local claims = call('HGETALL', board .. ':c:' .. id)
for i = 1, #claims, 2 do
  local claim, job_id = claims[i], claims[i + 1]
  local owner, mine = owner_of(job_id), call('HMGET', companion(job_id), 'c', 'w', 't')
  if mine[1] ~= claim then
    call('HDEL', board .. ':c:' .. id, claim)
  elseif owner ~= mine[2] then
    checked(job_id)
  else
    call('PEXPIREAT', ns .. job_id .. '.owned', expires_at)
    there[claim] = true
    if not known[claim] then unnamed[#unnamed + 1] = { job_id, claim, mine[3] } end
  end
end

local lost = {}
for i = 3, #ARGV do
  local claim = ARGV[i]
  if not there[claim] then
    local how, job_id = receipt(claim)
    local cause = how == 'forced' and 'forced' or job_id and owner_of(job_id) and 'taken over'
      or how == 'expired' and 'expired' or 'unknown'
    lost[#lost + 1] = { claim, cause }
  end
end
tell()
return { 'ok', lost, unnamed }
`

/** `remember`, session, how it ends. */
export const endSession: string = `
if session_of(ARGV[2]) then end_session(ARGV[2], ARGV[3], now, piece) end
tell()
return { session_of(ARGV[2]) and 'more' or 'ok' }
`
