/** `remember`, session, then per try: job, claim, owner. */
export const claim: string = `
local session = session_of(ARGV[2])

local function try(id, claim, owner)
  if not session then return { 'over' } end
  local job = checked(id)
  local bytes = call('HGET', listings, id)
  if bytes and job.claim == claim then return granted(job, claim, bytes) end
  if receipt(claim) then return { 'ended' } end
  if not bytes then return { 'missing' } end
  if not job.score then return { call('SISMEMBER', bad, id) == 1 and 'missing' or 'adopt' } end
  local there = owner_of(id)
  if there == delayed then return { 'delayed', job.x[7] or int(now) } end
  if there then return { 'held', there } end
  return grant(job, session, claim, owner, bytes)
end

local answers = {}
for i = 3, #ARGV, 3 do answers[#answers + 1] = try(ARGV[i], ARGV[i + 1], ARGV[i + 2]) end
tell()
return { 'ok', answers }
`

/**
 * Ends claims, then claims what comes next. `remember`, session, whether hints are trusted, number of endings, per ending: job,
 * claim, token, how, delay in ms, whether it failed, reason, whether there is an error, error; per wish: claim, owner, number of names, names.
 */
export const work: string = `
local wishes_at = 5 + 9 * ARGV[4]
if ARGV[3] == '' and wishes_at <= #ARGV and is_behind() then
  tell()
  return { 'rescan' }
end

local function remove(job, how, a)
  local id, key = job.id, companion(job.id)
  call('HDEL', board .. ':c:' .. job.session, job.claim)
  remember(job.claim, id, how, remember_ms)
  if how == 'trash' then
    local place = call('HINCRBY', board, 'trashed', 1)
    call('HSET', trash, id, call('HGET', listings, id))
    call('ZADD', bin, place, id)
    call('DEL', ns .. id .. '.owned', ns .. id .. '.last_modified')
    call('HDEL', key, 'c', 'w', 'k', 't', 'fx')
    call('HSET', key, 'tr', ARGV[a + 6], 'tw', job.owner, 'ta', int(now))
    if ARGV[a + 7] == '1' then call('HSET', key, 'te', ARGV[a + 8]) end
  else
    leave(job, 'consume')
  end
  call('HDEL', listings, id)
  call('ZREM', all, id)
  note(id, 'removed', how == 'trash' and 'trashed' or 'consumed', job.name, job.owner)
end

local function finish(a)
  local id, claim, token, how = ARGV[a], ARGV[a + 1], ARGV[a + 2], ARGV[a + 3]
  local job = checked(id)
  local on_board = call('HEXISTS', listings, id) == 1
  if on_board and job.claim == claim and job.token == token and job.session == ARGV[2] then
    if how == 'abandon' then
      release(job, how, { delay_ms = tonumber(ARGV[a + 4]), failed = ARGV[a + 5] == '1' })
    else
      remove(job, how, a)
    end
    return { 'settled', how }
  end
  local before = receipt(claim)
  if before == 'consume' or before == 'abandon' or before == 'trash' then return { 'settled', before } end
  local there = on_board and owner_of(id)
  return { 'lost', before == 'forced' and 'forced' or there and there ~= delayed and 'taken over'
    or before == 'expired' and 'expired' or 'unknown' }
end

-- The first of the hints, or of those of some names.
local function first(names)
  if #names == 0 then return call('ZRANGE', ready, 0, 0)[1] end
  local id, least = nil, math.huge
  for _, name in ipairs(names) do
    local found = call('ZRANGE', by_name(name), 0, 0, 'WITHSCORES')
    if found[1] and tonumber(found[2]) < least then id, least = found[1], tonumber(found[2]) end
  end
  return id
end

local function choose(session, claim, owner, names)
  if not session then return { 'over' } end
  local mine = call('HGET', board .. ':c:' .. session.id, claim)
  if mine then
    local job = checked(mine)
    if job.claim == claim then return granted(job, claim, call('HGET', listings, mine)) end
  end
  if receipt(claim) then return { 'ended' } end
  local id = first(names)
  while id do
    local job, bytes = checked(id), call('HGET', listings, id)
    -- Somebody deleted its companion, which said its name. Off all lists, it is adopted anew as a job of others.
    if not job.name then
      strike(job)
      for _, name in ipairs(names) do call('ZREM', by_name(name), id) end
    elseif not bytes then
      forget(job)
    elseif owner_of(id) then
      look_later(job)
    else
      return grant(job, session, claim, owner, bytes)
    end
    id = first(names)
  end
  return { 'none', next_change() }
end

local endings, wishes = {}, {}
for a = 5, wishes_at - 1, 9 do endings[#endings + 1] = finish(a) end
local session = session_of(ARGV[2])
local a = wishes_at
while a <= #ARGV do
  local count = tonumber(ARGV[a + 2])
  local names = {}
  for i = a + 3, a + 2 + count do names[#names + 1] = ARGV[i] end
  wishes[#wishes + 1] = choose(session, ARGV[a], ARGV[a + 1], names)
  a = a + 3 + count
end
tell()
return { 'ok', endings, wishes }
`
