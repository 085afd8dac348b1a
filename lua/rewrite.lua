-- rewrite: replace a product's whole past, if nobody recorded in the meantime; the only way to change it.
--
-- Withdrawal, import, restore and changes of tier. What is written equals a fresh recording of the same past.
-- A restoration is silent: it is what the stream has told already, and those who read it have it.
-- Where an import ends the past otherwise than a crawl saw it last, that is remembered (`crawled`, see record).
-- TS.DEL is not used: with rules it crashed the server (RedisTimeSeries #1725).
--
-- A change of tier changes nothing else: the version stays, and nobody is told. In tier cold a product has nothing of
-- its own; a product that somebody watches or views is not put there, nor one whose id cannot be packed.
--
-- WITH series
-- WITH product
-- WITH cold
-- KEYS[1] product  KEYS[2] {n}:changes  KEYS[3] cache  KEYS[4] proof hash  KEYS[5] {n}:cold  KEYS[6] {n}:places
-- KEYS[7] {n}:warm  KEYS[8] {n}:frontier
-- KEYS[9…] for each of the four offers: raw, state, day avg, min, max, week avg, min, max
-- ARGV[1] expected version: '' for any  ARGV[2] tier: cold, raw or charted  ARGV[3] currency  ARGV[4] reason
-- ARGV[5] name of the product  ARGV[6] msgpack of { offer, at (ms), price ('' for none) } that it is about
-- ARGV[7] msgpack of [field, value, …] to set in the proof hash
-- ARGV[8] the new version is at least this
-- ARGV[9] somebody watches or views it who did so after this (ms; '' for ever)
-- ARGV[10] ARGV[11] the learned rate and the availability, where none is kept ('' for none)
-- ARGV[12…] for each offer: its name, msgpack of [t1, price1, t2, price2, …] (change points), msgpack of
--   [t1, state1, …], lastSeen (ms; '' if never), crawled ('*': worked out here)
-- RETURNS the new version, or -1 where the version has moved, or -2 where it cannot become cold
-- CALLED BY pennywren.record.rewriting

local NO_OFFER, OFFERED, NOT_OBSERVED = 0, 1, 2
local CHUNK = 500
local call = redis.call

local product, tier_name, reason = ARGV[5], ARGV[2], ARGV[4]
local tier = cold_tier(KEYS[5], KEYS[6])
local packed = tier.open(product)
local value = call('GET', KEYS[1])
local known = value and product_state.read(value) or tier.known(packed) or {}

local version = known.version or 0
if ARGV[1] ~= '' and tonumber(ARGV[1]) ~= version then
  return -1
end
if reason ~= 'tier' then
  version = math.max(version + 1, tonumber(ARGV[8]))
end
if tier_name == 'cold' then
  local wanted = call('ZSCORE', KEYS[7], product)
  if not packed or wanted and (ARGV[9] == '' or tonumber(wanted) > tonumber(ARGV[9])) then
    if reason == 'tier' then
      return -2
    end
    tier_name = 'raw'
  else
    call('ZREM', KEYS[7], product)
  end
end

-- A chunk costs 120 B beside its samples, so few that are full take least: 8 B a sample, and an eighth for those that
-- come. Where each change has two of them, they were measured to take least with 384.
local function chunk_for(samples)
  if tier_name == 'charted' then
    return samples >= 64 and 384 or 128
  end
  local bytes = 9 * samples
  return math.max(128, math.floor(bytes / math.ceil(bytes / 640) / 64 + 0.5) * 64)
end

-- The samples [t1, value1, t2, value2, …].
local function append(series, samples)
  for from = 1, #samples, 2 * CHUNK do
    local batch = {}
    for i = from, math.min(from + 2 * CHUNK - 2, #samples), 2 do
      batch[#batch + 1] = series
      batch[#batch + 1] = samples[i]
      batch[#batch + 1] = samples[i + 1]
    end
    call('TS.MADD', unpack(batch))
  end
end

for i = 9, #KEYS do
  call('DEL', KEYS[i])
end
call('DEL', KEYS[1])
if reason ~= 'tier' then
  call('DEL', KEYS[3])
end
local proofs = cmsgpack.unpack(ARGV[7])
if #proofs > 0 then
  call('HSET', KEYS[4], unpack(proofs))
end

local function kept(word, otherwise)
  return word or otherwise ~= '' and otherwise or nil
end
local facts = { version = version, currency = ARGV[3], tier = tier_name, rate = kept(known.rate, ARGV[10]),
  availability = kept(known.availability, ARGV[11]) }
local changes = 0
local arg, entries = 12, {}
for offer_index = 0, 3 do
  local offer, last_seen, of = ARGV[arg], tonumber(ARGV[arg + 3]), {}
  local points, states = cmsgpack.unpack(ARGV[arg + 1]), cmsgpack.unpack(ARGV[arg + 2])
  local base = 9 + 8 * offer_index
  local raw, price, low, low_at, high, high_at = KEYS[base], nil, nil, nil, nil, nil
  local samples, since = {}, nil
  for i = 1, #points, 2 do
    local at, new = points[i], points[i + 1]
    if price and tier_name == 'charted' then
      samples[#samples + 1], samples[#samples + 2] = at - 1, price -- see record
    end
    samples[#samples + 1], samples[#samples + 2] = at, new
    price, since = new, at
    if not low or new < low then
      low, low_at = new, at
    end
    if not high or new > high then
      high, high_at = new, at
    end
    changes = changes + 1
    entries[#entries + 1] = { at, #entries, offer, nil, new }
  end
  if price then
    if tier_name ~= 'cold' then
      time_series.create(raw, chunk_for(#samples / 2))
      if tier_name == 'charted' then
        time_series.compact(raw)
      end
      append(raw, samples)
    end
    of = { price = price, first = points[1], low = low, lowAt = low_at, high = high, highAt = high_at }
  end
  local state = price and OFFERED or nil
  if #states > 0 then
    local seen, moved = price and points[1] < states[1] and OFFERED or nil, {}
    for i = 1, #states, 2 do
      entries[#entries + 1] = { states[i], #entries, offer, states[i + 1], nil }
      if states[i + 1] ~= NOT_OBSERVED then
        if seen ~= states[i + 1] then
          moved[#moved + 1] = states[i]
        end
        -- An absence or a return is a change of its own, unless a price came with it.
        seen = states[i + 1]
      end
    end
    of.states = states
    if tier_name ~= 'cold' and #states > 2 * product_state.FEW then
      time_series.create(KEYS[base + 1], 64)
      append(KEYS[base + 1], states)
      of.states = 1
    end
    local priced = {}
    for i = 1, #points, 2 do
      priced[points[i]] = true
    end
    for _, at in ipairs(moved) do
      if price and at >= points[1] and not priced[at] then
        changes = changes + 1
      end
      if not since or at > since then
        since = at
      end
    end
    state = seen
  end
  if last_seen then
    of.state, of.since, of.lastSeen, facts[offer] = state or NO_OFFER, since, last_seen, of
    local was = known[offer] or {}
    local same = was.state == of.state and (was.price or 0) == (price or 0)
    if ARGV[arg + 4] ~= '*' then
      of.crawled = ARGV[arg + 4]
    elseif reason == 'import' and not same then
      local last = was.state == OFFERED and string.format('%.0f', was.price) or ''
      of.crawled = was.crawled or (was.state and last or '-')
    elseif reason == 'import' or reason == 'tier' then
      of.crawled = was.crawled
    end
  end
  arg = arg + 5
end
facts.changes = changes > 0 and changes or nil
if tier_name == 'cold' then
  -- A price comes before the state that came with it.
  table.sort(entries, function(a, b)
    return a[1] < b[1] or a[1] == b[1] and a[2] < b[2]
  end)
  tier.begin(packed)
  for _, entry in ipairs(entries) do
    tier.add(packed, entry[3], entry[4], entry[5], entry[1])
  end
  local place = packed.place or tonumber(call('ZSCORE', KEYS[8], product) or nil)
  call('ZREM', KEYS[8], product)
  tier.keep(packed, place, tier.content(packed, facts))
else
  call('SET', KEYS[1], product_state.write(facts))
  if packed then
    if packed.place then
      call('ZADD', KEYS[8], packed.place, product)
    end
    tier.remove(packed)
  end
end
if reason == 'tier' or reason == 'restore' then
  return version
end
local about = cmsgpack.unpack(ARGV[6])
call('XADD', KEYS[2], '*', 'product', ARGV[5], 'offer', about[1], 'kind', 'rewrite', 'old', about[3], 'new', '',
  'currency', ARGV[3], 'at', about[2], 'version', version, 'newLow', 0, 'lowestForDays', 0, 'source', ARGV[4])
return version
