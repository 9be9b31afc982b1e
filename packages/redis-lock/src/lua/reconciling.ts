/** `remember`, whether hints are trusted. Nothing but the question; what others gave back is found by `pass_time`. */
export const catchUp: string = `
tell()
return { ARGV[2] == '' and is_behind() and 'rescan' or 'ok' }
`

/** `remember`, `board` or `trash`, then ids. Answers with the entries of those that the hints do not know. */
export const sift: string = `
local entries, known = ARGV[2] == 'trash' and trash or listings, ARGV[2] == 'trash' and bin or all
local unknown = {}
for i = 3, #ARGV do
  local bytes = not call('ZSCORE', known, ARGV[i]) and call('HGET', entries, ARGV[i])
  if bytes then unknown[#unknown + 1] = { ARGV[i], bytes } end
end
tell()
return { 'ok', unknown }
`

/** `remember`, `board` or `trash`, then per entry: id, whether it parses, rank, sequence, name, hash. Answers with what was not known as malformed. */
export const adopt: string = `
local news = {}

local function describe(id, rank, order, name, hash)
  order = tonumber(order)
  if not order or order < 0 or order >= seats_per_rank or order % 1 ~= 0 then order = next_order() end
  local job = { id = id, name = name, score = int(rank * seats_per_rank + order) }
  call('HSET', companion(id), 's', job.score, 'nm', name, 'h', hash)
  return job
end

local function onto_board(i)
  local id = ARGV[i]
  if call('HEXISTS', listings, id) == 0 or call('ZSCORE', all, id) then return end
  if ARGV[i + 1] ~= '1' then
    if call('SADD', bad, id) == 1 then news[#news + 1] = id end
    return
  end
  call('SREM', bad, id)
  local job = describe(id, ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5])
  call('ZADD', all, job.score, id)
  if owner_of(id) then look_later(job) else offer(job) end
  note(id, 'posted', '', job.name)
end

-- What does not parse has a place too: it is reported when that place is listed.
local function into_trash(i)
  local id = ARGV[i]
  if call('HEXISTS', trash, id) == 0 or call('ZSCORE', bin, id) then return end
  call('ZADD', bin, call('HINCRBY', board, 'trashed', 1), id)
  if ARGV[i + 1] == '1' then describe(id, ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5]) end
end

for i = 3, #ARGV, 6 do
  if ARGV[2] == 'trash' then into_trash(i) else onto_board(i) end
end
tell()
return { 'ok', news }
`

/** `remember`, `board` or `trash`, the sequence that is accounted for, then ids of the hints. */
export const prune: string = `
for i = 4, #ARGV do
  local id = ARGV[i]
  if ARGV[2] == 'trash' then
    if call('HEXISTS', trash, id) == 0 then call('ZREM', bin, id) end
  elseif call('HEXISTS', listings, id) == 0 then
    call('SREM', bad, id)
    if call('ZSCORE', all, id) then forget(job_of(id)) end
  end
end
if ARGV[3] ~= '' then call('HSET', board, 'seq', ARGV[3]) end
tell()
return { 'ok' }
`

/** `remember`, job, claim ('' for none). Takes an entry that does not parse out of the way; what was claimed just now is unclaimed. */
export const setAside: string = `
local job = job_of(ARGV[2])
if job.claim and job.claim == ARGV[3] then
  call('HDEL', board .. ':c:' .. job.session, job.claim)
  call('HDEL', companion(job.id), 'c', 'w', 'k', 't')
  call('DEL', ns .. job.id .. '.owned')
end
strike(job)
call('HDEL', companion(job.id), 's')
if call('HEXISTS', listings, job.id) == 1 then call('SADD', bad, job.id) end
tell()
return { 'ok' }
`
