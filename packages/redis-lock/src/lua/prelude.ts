/**
 * What all scripts begin with: the keys, the server's clock, and every move that a job can make.
 *
 * A script is one atomic step. It judges by one reading of the server's clock, and before anything else it does what time
 * alone has made due (`pass_time`). Redis runs nothing else meanwhile, so no script takes more than a bounded piece of that.
 *
 * TaskFlow's keys are the truth: whether a job is on the board (`listings`), who owns it (`.owned`). The companion hash
 * (`.x`) says the rest. The sorted sets are hints, which are set right where they turn out to be wrong.
 *
 * Fields of a companion: s score · nm name · h content hash · n f l attempts, failures, losses · lb lost by · pv whose work the next
 * (or current) claim continues · at available at · fx last forced token · c w k t the open claim: id, owner, session, token ·
 * tr te tw ta why, with what error, by whom and when trashed.
 */
export const prelude: string = String.raw`
local call = redis.call
local board = KEYS[1]
local ns = string.sub(board, 1, -3)
local listings, sequence, trash = KEYS[2], KEYS[3], KEYS[4]
local all, ready, held, due = KEYS[5], KEYS[6], KEYS[7], KEYS[8]
local sessions, bin, bad, entities = KEYS[9], KEYS[10], KEYS[11], KEYS[12]
local remember_ms = tonumber(ARGV[1])

local seats_per_rank = 1125899906842624
local delayed = 'jobboard:delayed'
local piece = 500

local clock = call('TIME')
local now_us = clock[1] * 1000000 + clock[2]
local now = math.floor(now_us / 1000)

local changes = {}
local watch_until = nil

local function int(number)
  return string.format('%.0f', number)
end

local function note(id, change, why, name, owner, session)
  changes[#changes + 1] = { id, change, why or '', name or '', owner or '', session or '' }
end

-- One message for all that the script did.
local function tell()
  if #changes == 0 then return end
  call('PUBLISH', board .. ':events', cjson.encode({ now = now, due = watch_until or 0, changes = changes }))
  changes = {}
end

local stamped = nil

-- TaskFlow's datetime: extension 1, a map, no zone (UTC). The days are turned into a date by the rules of the calendar.
local function stamp()
  if stamped then return stamped end
  local seconds = tonumber(clock[1])
  local days = math.floor(seconds / 86400)
  local z = days + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  local rest = seconds - days * 86400
  local body = '\135' .. cmsgpack.pack(
    'day', doy - math.floor((153 * mp + 2) / 5) + 1, 'month', month, 'year', year,
    'hour', math.floor(rest / 3600), 'minute', math.floor(rest % 3600 / 60), 'second', rest % 60,
    'microsecond', tonumber(clock[2]))
  stamped = '\199' .. string.char(#body) .. '\1' .. body
  return stamped
end

local function companion(id)
  return ns .. id .. '.x'
end

local function owner_of(id)
  return call('GET', ns .. id .. '.owned')
end

local function job_of(id)
  local x = call('HMGET', companion(id),
    's', 'n', 'f', 'l', 'lb', 'pv', 'at', 'c', 'w', 't', 'tr', 'te', 'tw', 'ta', 'h', 'nm', 'k', 'fx')
  return { id = id, x = x, score = x[1], claim = x[8], owner = x[9], token = x[10], hash = x[15], name = x[16],
    session = x[17], forced = x[18] }
end

-- A job as the client decodes it: id, posting, owner, companion.
local function row(job, bytes, owner)
  return { job.id, bytes, owner, job.x }
end

local function next_order()
  call('HINCRBY', board, 'seq', 1)
  return call('INCR', sequence)
end

local function by_name(name)
  return board .. ':n:' .. name
end

local function offer(job)
  if not job.name then return end
  call('ZADD', ready, job.score, job.id)
  call('ZADD', by_name(job.name), job.score, job.id)
end

local function withdraw(job)
  call('ZREM', ready, job.id)
  if not job.name then return end
  call('ZREM', by_name(job.name), job.id)
end

local function look_later(job)
  withdraw(job)
  local left = call('PTTL', ns .. job.id .. '.owned')
  call('ZADD', held, now + (left > 0 and math.min(left, 1000) or 1000), job.id)
end

-- Takes a job off every list that it may be on.
local function strike(job)
  withdraw(job)
  call('ZREM', all, job.id)
  call('ZREM', held, job.id)
  call('ZREM', due, job.id)
end

-- Somebody else ended the job.
local function forget(job)
  strike(job)
  call('DEL', companion(job.id))
  note(job.id, 'removed', '', job.name)
end

local function remember(claim, id, how, for_ms)
  if for_ms > 0 then call('SET', board .. ':r:' .. claim, how .. ' ' .. id, 'PX', for_ms) end
end

-- How a claim ended, and whose job it was on.
local function receipt(claim)
  local text = call('GET', board .. ':r:' .. claim)
  if not text then return nil end
  local gap = string.find(text, ' ', 1, true)
  return string.sub(text, 1, gap - 1), string.sub(text, gap + 1)
end

local why_of = { abandon = 'abandoned', expired = 'lost', forced = 'forced', closed = 'closed' }

-- Gives a claimed job back to the board. Also a claim of others, which has no id, no session and no token.
local function release(job, how, o)
  local key = companion(job.id)
  if job.claim then
    call('HDEL', board .. ':c:' .. job.session, job.claim)
    call('HDEL', key, 'c', 'w', 'k', 't')
    remember(job.claim, job.id, how, o.remember_ms or remember_ms)
  end
  if how == 'abandon' then
    call('HDEL', key, 'pv')
    if o.failed then call('HINCRBY', key, 'f', 1) end
  else
    local lost = cjson.encode({ owner = job.owner, at = o.at, cause = how, reason = o.reason })
    call('HSET', key, 'pv', lost)
    if how ~= 'closed' then
      call('HINCRBY', key, 'f', 1)
      call('HINCRBY', key, 'l', 1)
      call('HSET', key, 'lb', lost)
    end
    if how == 'forced' then call('HSET', key, 'fx', job.token) end
  end
  local ours = owner_of(job.id) == job.owner
  -- Our lock ends with its session. One that lasts longer is of somebody who claimed under the same name afterwards.
  if ours and o.over then
    local left = call('PTTL', ns .. job.id .. '.owned')
    ours = left >= 0 and left < 1000
  end
  if ours then call('SET', ns .. job.id .. '.last_modified', stamp()) end
  if ours and o.delay_ms and o.delay_ms > 0 then
    local at = int(now + math.ceil(o.delay_ms))
    call('SET', ns .. job.id .. '.owned', delayed, 'PXAT', at)
    call('HSET', key, 'at', at)
    call('ZADD', due, at, job.id)
  else
    if ours then call('DEL', ns .. job.id .. '.owned') end
    if job.score then offer(job) end
  end
  note(job.id, 'released', why_of[how], job.name, job.owner, job.session)
  job.claim = false
end

-- A job by its id. A claim of ours whose lock is gone or somebody else's is lost, though its session lives.
local function checked(id)
  local job = job_of(id)
  if not job.claim or owner_of(id) == job.owner then return job end
  release(job, 'expired', { at = now })
  return job_of(id)
end

-- Gives back at most so many claims; the session is over when none is left. Answers how many it gave back.
local function end_session(id, how, at, most)
  local claims = call('HGETALL', board .. ':c:' .. id)
  local for_ms = tonumber(call('HGET', board .. ':s:' .. id, 'remember') or remember_ms)
  local count = math.min(#claims / 2, most)
  for i = 1, count do
    local claim, job = claims[2 * i - 1], job_of(claims[2 * i])
    if job.claim == claim then release(job, how, { at = at, remember_ms = for_ms, over = at < now }) end
    call('HDEL', board .. ':c:' .. id, claim)
  end
  if count < #claims / 2 then return count end
  for _, field in ipairs(call('HKEYS', board .. ':s:' .. id)) do
    if string.sub(field, 1, 2) == 'e:' then
      local entity = string.sub(field, 3)
      local there = call('HGET', entities, entity)
      if there and string.sub(there, 1, #id + 1) == id .. '\n' then call('HDEL', entities, entity) end
    end
  end
  call('DEL', board .. ':s:' .. id, board .. ':c:' .. id)
  call('ZREM', sessions, id)
  return count
end

local function end_delay(id)
  call('ZREM', due, id)
  call('HDEL', companion(id), 'at')
  if owner_of(id) == delayed then call('DEL', ns .. id .. '.owned') end
  local job = job_of(id)
  if job.score and not job.claim and call('HEXISTS', listings, id) == 1 then offer(job) end
end

-- Whether a job that somebody else owned is free by now.
local function look_again(id)
  call('ZREM', held, id)
  local job = job_of(id)
  if not job.score or job.claim then return end
  if call('HEXISTS', listings, id) == 0 then return forget(job) end
  if owner_of(id) then return look_later(job) end
  offer(job)
  note(id, 'released', '', job.name)
end

-- Does a piece of what time alone has made due. True when there may be more.
local function pass_time()
  local ended = call('ZRANGE', due, '-inf', now, 'BYSCORE', 'LIMIT', 0, piece)
  for _, id in ipairs(ended) do end_delay(id) end
  for _, id in ipairs(call('ZRANGE', held, '-inf', now, 'BYSCORE', 'LIMIT', 0, piece)) do look_again(id) end
  local left = piece - #ended
  while left > 0 do
    local over = call('ZRANGE', sessions, '-inf', now, 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
    if not over[1] then return false end
    left = left - 1 - end_session(over[1], 'expired', tonumber(over[2]), left)
  end
  return true
end

-- Nothing of the script itself was done: the caller asks again.
if pass_time() then
  tell()
  return { 'more' }
end

local function session_of(id)
  local expires_at = call('ZSCORE', sessions, id)
  return expires_at and { id = id, expires_at = int(tonumber(expires_at)) }
end

-- The board's incarnation, made when there is none.
local function scope_or(candidate)
  call('HSETNX', board, 'scope', candidate)
  return call('HGET', board, 'scope')
end

-- Whether others have posted or removed jobs that the hints do not know of.
local function is_behind()
  return (call('GET', sequence) or '0') ~= (call('HGET', board, 'seq') or '0')
    or call('HLEN', listings) ~= call('ZCARD', all) + call('SCARD', bad)
end

-- Milliseconds until something becomes claimable by time alone; false if nothing will.
local function next_change()
  local next = nil
  for _, key in ipairs({ due, held }) do
    local first = call('ZRANGE', key, 0, 0, 'WITHSCORES')
    if first[2] then next = math.min(next or math.huge, tonumber(first[2])) end
  end
  local living = call('ZRANGE', sessions, 0, 999, 'WITHSCORES')
  for i = 1, #living, 2 do
    if call('EXISTS', board .. ':c:' .. living[i]) == 1 then
      next = math.min(next or math.huge, tonumber(living[i + 1]))
      break
    end
  end
  return next and int(math.max(0, next - now)) or false
end

-- Others have claims without ids. Their token tells them apart by their owner's name, and is below all of ours.
local function foreign_token(owner)
  return '-' .. int(tonumber(string.sub(redis.sha1hex(owner), 1, 12), 16))
end

local function granted(job, claim, bytes)
  return { 'claimed', claim, row(job, bytes, job.owner) }
end

local last_token = nil

-- Greater than every token before, also of boards whose data is lost.
local function next_token()
  last_token = math.max((last_token or tonumber(call('HGET', board, 'token') or '0')) + 1, now_us)
  return int(last_token)
end

-- Claims a job that nobody owns.
local function grant(job, session, claim, owner, bytes)
  local key, token, attempts = companion(job.id), next_token(), int((job.x[2] or 0) + 1)
  call('SET', ns .. job.id .. '.owned', owner, 'PXAT', session.expires_at)
  call('SET', ns .. job.id .. '.last_modified', stamp())
  call('HSET', key, 'n', attempts, 'c', claim, 'w', owner, 'k', session.id, 't', token)
  call('HSET', board, 'token', token)
  call('HSET', board .. ':c:' .. session.id, claim, job.id)
  withdraw(job)
  note(job.id, 'claimed', '', job.name, owner)
  watch_until = math.min(watch_until or math.huge, tonumber(session.expires_at))
  job.owner = owner
  job.x[2], job.x[8], job.x[9], job.x[10] = attempts, claim, owner, token
  return granted(job, claim, bytes)
end

local function receipt_of(id)
  return board .. ':j:' .. id
end

-- What is left of a job that is off the board for good.
local function leave(job, how)
  call('DEL', companion(job.id), ns .. job.id .. '.owned', ns .. job.id .. '.last_modified')
  if remember_ms > 0 then call('SET', receipt_of(job.id), how .. ' ' .. (job.hash or ''), 'PX', remember_ms) end
end

-- How a job left the board, and the hash of its content.
local function left(id)
  local text = call('GET', receipt_of(id))
  if not text then return nil end
  local gap = string.find(text, ' ', 1, true)
  return string.sub(text, 1, gap - 1), string.sub(text, gap + 1)
end
`
