/** `remember`, a scope for a board that has none, then ids. */
export const look: string = `
local found = {}
for i = 3, #ARGV do
  local id = ARGV[i]
  local bytes = call('HGET', listings, id)
  local thrown = not bytes and call('HGET', trash, id)
  if bytes then
    found[#found + 1] = { 'job', row(job_of(id), bytes, owner_of(id)) }
  elseif thrown then
    found[#found + 1] = { 'trashed', row(job_of(id), thrown, '') }
  else
    found[#found + 1] = { left(id) or 'absent' }
  end
end
tell()
return { 'ok', scope_or(ARGV[2]), found }
`

/** `remember`, whether hints are trusted, states, limit, the place to go on from, the newest order to show, then names. */
export const list: string = `
if ARGV[2] == '' and is_behind() then
  tell()
  return { 'rescan' }
end
local states, limit, after = ARGV[3], tonumber(ARGV[4]), ARGV[5]
local newest = tonumber(ARGV[6] ~= '' and ARGV[6] or call('GET', sequence) or '0')
local looked = math.max(limit, 256)
local names = nil
for i = 7, #ARGV do
  names = names or {}
  names[ARGV[i]] = true
end

local function candidates(key)
  local from = after == '' and '-inf' or '(' .. after
  local found, pairs_ = {}, call('ZRANGE', key, from, '+inf', 'BYSCORE', 'LIMIT', 0, looked, 'WITHSCORES')
  for i = 1, #pairs_, 2 do found[#found + 1] = { id = pairs_[i], score = tonumber(pairs_[i + 1]) } end
  return found
end

local source, full = {}, false
if states == 'unclaimed' and names then
  for name in pairs(names) do
    local found = candidates(by_name(name))
    full = full or #found == looked
    for _, one in ipairs(found) do source[#source + 1] = one end
  end
  table.sort(source, function(a, b) return a.score < b.score end)
  -- Behind the end of a name that was cut off others may come first.
  while #source > looked do table.remove(source) end
else
  source = candidates(states == 'unclaimed' and ready or all)
  full = #source == looked
end

local function shown(one)
  if one.score % seats_per_rank > newest then return nil end
  local job = job_of(one.id)
  local bytes = call('HGET', listings, one.id)
  if not bytes then return forget(job) end
  local owner = owner_of(one.id)
  if states == 'unclaimed' then
    if owner then return look_later(job) end
  elseif states == 'claimed' and (not owner or owner == delayed) then
    return nil
  end
  if names and not names[job.name] then return nil end
  return row(job, bytes, owner)
end

local rows, place = {}, nil
for _, one in ipairs(source) do
  local found = shown(one)
  if found then rows[#rows + 1] = found end
  place = int(one.score)
  if #rows == limit then
    full = true
    break
  end
end
local malformed = {}
if after == '' then
  for _, id in ipairs(call('SRANDMEMBER', bad, 1000)) do
    local bytes = call('HGET', listings, id)
    if bytes then malformed[#malformed + 1] = { id, bytes } else call('SREM', bad, id) end
  end
end
local change = not full and states == 'unclaimed' and next_change()
tell()
return { 'ok', rows, malformed, full and place or false, int(newest), change }
`

/** `remember`, whether hints are trusted, limit, the place to go on from, the newest place to show. */
export const listTrash: string = `
if ARGV[2] == '' and call('HLEN', trash) ~= call('ZCARD', bin) then
  tell()
  return { 'rescan' }
end
local limit, after = tonumber(ARGV[3]), ARGV[4]
local newest = ARGV[5] ~= '' and ARGV[5] or call('HGET', board, 'trashed') or '0'
local from = after == '' and '-inf' or '(' .. after
local found = call('ZRANGE', bin, from, newest, 'BYSCORE', 'LIMIT', 0, limit, 'WITHSCORES')
local rows = {}
for i = 1, #found, 2 do
  local bytes = call('HGET', trash, found[i])
  if bytes then rows[#rows + 1] = row(job_of(found[i]), bytes, '') else call('ZREM', bin, found[i]) end
end
tell()
return { 'ok', rows, {}, #found == 2 * limit and found[#found] or false, newest, false }
`

/** `remember`, whether hints are trusted. */
export const counts: string = `
if ARGV[2] == '' and is_behind() then
  tell()
  return { 'rescan' }
end
for _, id in ipairs(call('ZRANGE', held, 0, -1)) do look_again(id) end
local ids = call('ZRANGE', ready, 0, -1)
local unclaimed = #ids
for from = 1, #ids, 1000 do
  local keys = {}
  for i = from, math.min(from + 999, #ids) do keys[#keys + 1] = ns .. ids[i] .. '.owned' end
  unclaimed = unclaimed - call('EXISTS', unpack(keys))
end
local later = call('ZCARD', due)
tell()
return { 'ok', int(unclaimed), int(later), int(call('ZCARD', all) - unclaimed - later), int(call('HLEN', trash)) }
`

/** `remember`. */
export const listEntities: string = `
tell()
return { 'ok', call('HVALS', entities) }
`
