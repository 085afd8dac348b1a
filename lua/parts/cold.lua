-- cold: products that nobody watches or views, packed many to a blob; what all scripts share that touch them.
--
-- {n}:cold is one hash. Its fields:
--   MARKET       'BUCKETS PRODUCTS PLACED CURRENCY': how many buckets and products there are, how many of these have a
--                place in the frontier, and the currency that goes without saying
--   MARKET:K     bucket K (linear hashing; from 0): how many products (2 bytes), their ids (6 bytes each), their places
--                (6 each), the lengths of what is known of them (2 each), and that itself; see decision 0016
--   MARKET:ASIN  the older changes of a product that has many, packed as in its bucket
-- {n}:places is the frontier of these products, a member for each bucket and lane: `MARKET:K` and f, d or o (firm, due,
-- floor), its score the lowest of the bucket's scores in that lane. Scores are those of {n}:frontier.
-- All integers are big-endian; a varint has 7 bits a byte, the lowest first.

local function cold_tier(store, places) -- luacheck: ignore 211
  local call, floor = redis.call, math.floor
  local byte, char, sub, find, rep = string.byte, string.char, string.sub, string.find, string.rep
  local pack, unpack_bytes = struct.pack, struct.unpack
  local SHIFT, NOWHERE, B_ASINS = 4398046511104, 281474976710655, 101559956668416 -- 2^42, 2^48 - 1, 36^9
  local TARGET, INLINE, EPOCH = 28, 64, 1262304000 -- products a bucket, changes of one in it, 2010 in seconds
  local LANES = { 'f', 'd', 'o' }
  local OFFERS = { 'buybox', 'amazon', 'new', 'used' }
  local AVAILABLE = { 'in_stock', 'unavailable', 'undeliverable', 'needs_selection', 'no_featured_offer', 'unknown' }
  local tier, metas = {}, {}

  ------------------------------------------------------------------------------------- which bucket, and what is in it

  -- An ASIN as a number below 2^47: B and nine digits of base 36, or an ISBN-10 less its check digit. nil for others.
  local function number_of(asin)
    if #asin ~= 10 then
      return nil
    elseif byte(asin) == 66 and not find(asin, '[^0-9A-Z]') then
      return tonumber(sub(asin, 2), 36)
    elseif find(asin, '^%d%d%d%d%d%d%d%d%d[%dX]$') then
      local sum = 0
      for i = 1, 9 do
        sum = sum + (11 - i) * (byte(asin, i) - 48)
      end
      local check = (11 - sum % 11) % 11
      if sub(asin, 10) == (check == 10 and 'X' or tostring(check)) then
        return B_ASINS + tonumber(sub(asin, 1, 9))
      end
    end
  end

  function tier.asin_of(number)
    local text = ''
    if number < B_ASINS then
      for _ = 1, 9 do
        local digit = number % 36
        text = char(digit < 10 and 48 + digit or 55 + digit) .. text
        number = floor(number / 36)
      end
      return 'B' .. text
    end
    text = string.format('%09d', number - B_ASINS)
    local sum = 0
    for i = 1, 9 do
      sum = sum + (11 - i) * (byte(text, i) - 48)
    end
    local check = (11 - sum % 11) % 11
    return text .. (check == 10 and 'X' or check)
  end

  local function meta_of(market)
    local meta = metas[market]
    if not meta then
      meta = { market = market, buckets = 0, products = 0, placed = 0, currency = '' }
      local text = call('HGET', store, market)
      if text then
        local buckets, products, placed, currency = string.match(text, '^(%d+) (%d+) (%d+) (.*)$')
        meta.buckets, meta.products, meta.placed = tonumber(buckets), tonumber(products), tonumber(placed)
        meta.currency = currency
      end
      metas[market] = meta
    end
    return meta
  end

  local function keep_meta(meta)
    call('HSET', store, meta.market,
      string.format('%d %d %d %s', meta.buckets, meta.products, meta.placed, meta.currency))
  end

  -- Linear hashing (Litwin 1980): buckets from the first to be split next on still hold twice as much as the others.
  local function halves(buckets)
    local level = 1
    while level * 2 <= buckets do
      level = level * 2
    end
    return level
  end
  local function bucket_of(buckets, number)
    local hash, level = number % 2147483647 * 48271 % 2147483647, halves(buckets)
    local bucket = hash % (2 * level)
    return bucket < buckets and bucket or bucket - level
  end

  local function column(width, blob, count, from)
    local found = { unpack_bytes('>' .. rep('I' .. width, count), blob, from) }
    found[count + 1] = nil
    return found
  end

  -- Where a bucket's parts begin.
  local function layout(blob)
    local count = unpack_bytes('>I2', blob)
    return count, 3 + 6 * count, 3 + 12 * count, 3 + 14 * count
  end

  -- All of a bucket: numbers, places and contents.
  local function explode(blob)
    if not blob then
      return { numbers = {}, places = {}, contents = {} }
    end
    local count, at_places, at_lengths, at = layout(blob)
    local lengths, contents = column(2, blob, count, at_lengths), {}
    for i = 1, count do
      contents[i] = sub(blob, at, at + lengths[i] - 1)
      at = at + lengths[i]
    end
    return { numbers = column(6, blob, count, 3), places = column(6, blob, count, at_places), contents = contents }
  end

  local function implode(parts)
    local lengths, count = {}, #parts.numbers
    for i = 1, count do
      lengths[i] = #parts.contents[i]
    end
    return pack('>I2', count) .. pack('>' .. rep('I6', count), unpack(parts.numbers))
      .. pack('>' .. rep('I6', count), unpack(parts.places)) .. pack('>' .. rep('I2', count), unpack(lengths))
      .. table.concat(parts.contents)
  end

  local function lane_of(place)
    return place == NOWHERE and 0 or place < SHIFT and 1 or place < 2 * SHIFT and 2 or 3
  end

  -- Brings the index of a bucket's lanes up to date, all of them or those where one came or went.
  local function index(field, list, one, other)
    local first = {}
    for i = 1, #list do
      local lane = lane_of(list[i])
      if lane > 0 and (not first[lane] or list[i] < first[lane]) then
        first[lane] = list[i]
      end
    end
    for lane = 1, 3 do
      if not one or lane == one or lane == other then
        if first[lane] then
          call('ZADD', places, first[lane] - SHIFT, field .. LANES[lane])
        else
          call('ZREM', places, field .. LANES[lane])
        end
      end
    end
  end

  local function keep_bucket(field, parts)
    if #parts.numbers > 0 then
      call('HSET', store, field, implode(parts))
    else
      call('HDEL', store, field)
    end
    index(field, parts.places)
  end

  local function split(meta)
    local level, added = halves(meta.buckets), meta.buckets
    local field, other = meta.market .. ':' .. added - level, meta.market .. ':' .. added
    local all = explode(call('HGET', store, field))
    local stay, go = explode(nil), explode(nil)
    meta.buckets = added + 1
    for i, number in ipairs(all.numbers) do
      local to = bucket_of(meta.buckets, number) == added and go or stay
      local n = #to.numbers + 1
      to.numbers[n], to.places[n], to.contents[n] = number, all.places[i], all.contents[i]
    end
    keep_bucket(field, stay)
    keep_bucket(other, go)
  end

  local function merge(meta)
    meta.buckets = meta.buckets - 1
    local last = meta.buckets
    local field, other = meta.market .. ':' .. last - halves(last), meta.market .. ':' .. last
    local into, from = explode(call('HGET', store, field)), explode(call('HGET', store, other))
    for i, number in ipairs(from.numbers) do
      local n = #into.numbers + 1
      into.numbers[n], into.places[n], into.contents[n] = number, from.places[i], from.contents[i]
    end
    keep_bucket(other, explode(nil))
    keep_bucket(field, into)
  end

  -- What there is of a product: { place (a score; nil for none), content ('' before its first look) }, found or not.
  -- nil where its id cannot be packed. It holds until the next one is kept.
  function tier.open(product)
    local market, asin = string.match(product, '^(%l%l):(.*)$')
    local number = market and number_of(asin)
    if not number then
      return nil
    end
    local entry = { product = product, number = number, meta = meta_of(market) }
    if entry.meta.buckets == 0 then
      return entry
    end
    entry.field = market .. ':' .. bucket_of(entry.meta.buckets, number)
    local blob = call('HGET', store, entry.field)
    if not blob then
      return entry
    end
    local count, at_places, at_lengths, at = layout(blob)
    entry.blob = blob
    local id = pack('>I6', number)
    local found = find(blob, id, 3, true)
    while found and found < at_places and (found - 3) % 6 ~= 0 do
      found = find(blob, id, found + 1, true)
    end
    if not found or found >= at_places then
      return entry
    end
    local i = (found - 3) / 6 + 1
    local lengths = column(2, blob, i, at_lengths)
    for before = 1, i - 1 do
      at = at + lengths[before]
    end
    local place = unpack_bytes('>I6', blob, at_places + 6 * (i - 1))
    entry.i, entry.at, entry.length = i, at, lengths[i]
    entry.place = place ~= NOWHERE and place - SHIFT or nil
    entry.content = sub(blob, at, at + lengths[i] - 1)
    entry.count, entry.at_places, entry.at_lengths = count, at_places, at_lengths
    return entry
  end

  -- Puts a product behind the others of its bucket, without opening them: whole catalogues come this way.
  local function append(entry, packed, content)
    local blob, lane = entry.blob or '\0\0', lane_of(packed)
    local count, at_places, at_lengths, at = layout(blob)
    call('HSET', store, entry.field, table.concat({
      pack('>I2', count + 1), sub(blob, 3, at_places - 1), pack('>I6', entry.number),
      sub(blob, at_places, at_lengths - 1), pack('>I6', packed),
      sub(blob, at_lengths, at - 1), pack('>I2', #content), sub(blob, at), content,
    }))
    if lane > 0 then
      call('ZADD', places, 'LT', packed - SHIFT, entry.field .. LANES[lane])
    end
  end

  local function take_out(entry)
    local parts = explode(entry.blob)
    table.remove(parts.numbers, entry.i)
    table.remove(parts.places, entry.i)
    table.remove(parts.contents, entry.i)
    keep_bucket(entry.field, parts)
  end

  -- Keeps a product with this place (a score; nil for none) and content; without content it is taken out.
  function tier.keep(entry, place, content)
    local meta, blob = entry.meta, entry.blob
    local packed = place and place + SHIFT or NOWHERE
    local placed = meta.placed + (content and place and 1 or 0) - (entry.place and 1 or 0)
    if entry.i and content then
      local i, at_place = entry.i, entry.at_places + 6 * (entry.i - 1)
      local at_length = entry.at_lengths + 2 * (i - 1)
      blob = sub(blob, 1, at_place - 1) .. pack('>I6', packed) .. sub(blob, at_place + 6, at_length - 1)
        .. pack('>I2', #content) .. sub(blob, at_length + 2, entry.at - 1) .. content
        .. sub(blob, entry.at + entry.length)
      call('HSET', store, entry.field, blob)
      if place ~= entry.place then
        local before = entry.place and entry.place + SHIFT or NOWHERE
        index(entry.field, column(6, blob, entry.count, entry.at_places), lane_of(before), lane_of(packed))
      end
      if placed ~= meta.placed then
        meta.placed = placed
        keep_meta(meta)
      end
      return
    end
    if not entry.i and not content then
      return
    end
    if meta.buckets == 0 then
      meta.buckets, entry.field = 1, meta.market .. ':0'
    end
    if content then
      append(entry, packed, content)
    else
      take_out(entry)
    end
    meta.products, meta.placed = meta.products + (content and 1 or -1), placed
    if meta.products > TARGET * meta.buckets then
      split(meta)
    elseif meta.buckets > 1 and meta.products < TARGET / 3 * (meta.buckets - 1) then
      merge(meta)
    end
    if meta.products > 0 then
      keep_meta(meta)
    else
      keep_bucket(meta.market .. ':0', explode(nil))
      call('HDEL', store, meta.market)
      meta.buckets, meta.currency = 0, ''
    end
  end

  ------------------------------------------------------------------------------------------------ what is known of one

  local function varint(number)
    local text = ''
    while number >= 128 do
      text = text .. char(number % 128 + 128)
      number = floor(number / 128)
    end
    return text .. char(number)
  end
  local function zigzag(number)
    return number < 0 and -2 * number - 1 or 2 * number
  end

  local source, position
  local function read()
    local number, scale = 0, 1
    local digit = byte(source, position)
    while digit >= 128 do
      number, scale, position = number + (digit - 128) * scale, scale * 128, position + 1
      digit = byte(source, position)
    end
    position = position + 1
    return number + digit * scale
  end
  local function take(length)
    position = position + length
    return sub(source, position - length, position - 1)
  end

  -- What was learned, as frontier/rate.py packs it: four numbers to base 64, and 18 weights of two digits, of which a
  -- run of equal ones at the end is kept once. The weights of what changes rarely hardly differ, so each is kept as the
  -- difference to the one before, in half bytes of three bits each and one that says that more come, where that is
  -- shorter than 12 bits each. Other texts stay as they are.
  local DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_'
  local function value(text)
    local number = 0
    for i = 1, #text do
      number = number * 64 + find(DIGITS, sub(text, i, i), 1, true) - 1
    end
    return number
  end
  local function digits(number)
    local text = ''
    repeat
      local digit = number % 64 + 1
      text, number = sub(DIGITS, digit, digit) .. text, floor(number / 64)
    until number == 0
    return text
  end
  local STEPS = 32 -- before a number of weights that are kept as steps
  local function pack_steps(of)
    local half_bytes, before = {}, 0
    for _, weight in ipairs(of) do
      local step = zigzag(weight - before)
      while step >= 8 do
        half_bytes[#half_bytes + 1] = step % 8 + 8
        step = floor(step / 8)
      end
      half_bytes[#half_bytes + 1] = step
      before = weight
    end
    for i = 1, #half_bytes, 2 do
      half_bytes[(i + 1) / 2] = char(half_bytes[i] * 16 + (half_bytes[i + 1] or 0))
    end
    return table.concat(half_bytes, '', 1, math.ceil(#half_bytes / 2))
  end
  local function read_steps(count)
    local of, weight, rest = {}, 0, nil
    local function half()
      if rest then
        local is = rest
        rest = nil
        return is
      end
      local both = byte(take(1))
      rest = both % 16
      return floor(both / 16)
    end
    for i = 1, count do
      local step, scale, is = 0, 1, half()
      while is >= 8 do
        step, scale, is = step + (is - 8) * scale, scale * 8, half()
      end
      step = step + is * scale
      weight = weight + (step % 2 == 1 and -(step + 1) / 2 or step / 2)
      of[i] = weight
    end
    return of
  end

  local function pack_rate(text)
    local a, b, c, d, weights = string.match(text, '^([%w_-]+)%.([%w_-]+)%.([%w_-]+)%.([%w_-]+)%.?([%w_-]*)$')
    if not a or #a > 6 or #b > 6 or #c > 6 or #d > 6 or #weights ~= 0 and #weights ~= 36 then
      return char(255) .. varint(#text) .. text
    end
    local count = #weights / 2
    while count > 1 and sub(weights, 2 * count - 3, 2 * count - 2) == sub(weights, 2 * count - 1, 2 * count) do
      count = count - 1
    end
    local of, twelve = {}, {}
    for i = 1, count do
      of[i] = value(sub(weights, 2 * i - 1, 2 * i))
    end
    for i = 1, count, 2 do
      twelve[#twelve + 1] = i < count and pack('>I3', of[i] * 4096 + of[i + 1]) or pack('>I2', of[i])
    end
    local plain, steps = table.concat(twelve), pack_steps(of)
    local short = #steps < #plain
    local packed = table.concat({
      char(short and STEPS + count or count), varint(value(a)), varint(value(b)), varint(value(c)), varint(value(d)),
      short and steps or plain,
    })
    source, position = packed, 1
    return tier.read_rate() == text and packed or char(255) .. varint(#text) .. text
  end
  function tier.read_rate()
    local count = byte(take(1))
    if count == 255 then
      return take(read())
    end
    local text = digits(read()) .. '.' .. digits(read()) .. '.' .. digits(read()) .. '.' .. digits(read())
    if count == 0 then
      return text
    end
    local of = {}
    if count > STEPS then
      count = count - STEPS
      of = read_steps(count)
    else
      for i = 1, count, 2 do
        local both = i < count and unpack_bytes('>I3', take(3)) or unpack_bytes('>I2', take(2)) * 4096
        of[i], of[i + 1] = floor(both / 4096), both % 4096
      end
    end
    local weights = {}
    for i = 1, 18 do
      local weight = of[math.min(i, count)]
      local high, low = floor(weight / 64) + 1, weight % 64 + 1
      weights[i] = sub(DIGITS, high, high) .. sub(DIGITS, low, low)
    end
    return text .. '.' .. table.concat(weights)
  end

  -- A log has the changes of all offers. Each is a varint that says what, then the seconds since the one before:
  --   2z       the price of the same offer moved by z (zigzag)
  --   1        the price of the same offer is again what it was before the last one
  --   4t + 3   t is offer (0 to 3) + 4 * what (0 price, 1 to 3 state 0 to 2) + 16 where milliseconds follow the seconds
  --            + 32 where it is earlier than the one before; then for a price z, and 1 more, or 0 for "as before"
  -- A state 2 (not observed) begins 1 ms later than it says: that is 1 ms after the last look.
  local function blank()
    local walk = { at = EPOCH, offer = 1, changes = 0 }
    for i = 1, 4 do
      walk[i] = { price = 0, before = 0 }
    end
    return walk
  end

  local function step(walk, offer, state, price, at)
    local of = walk[offer]
    if price then
      of.before, of.price = of.price, price
      of.first = of.first or at
      if not of.low or price < of.low then
        of.low, of.low_at = price, at
      end
      if not of.high or price > of.high then
        of.high, of.high_at = price, at
      end
      of.seen = of.seen or 1
      of.since, of.priced = at, at
      walk.changes = walk.changes + 1
    elseif state ~= 2 and of.seen ~= state then
      if of.first and of.priced ~= at then
        walk.changes = walk.changes + 1
      end
      of.seen = state
      if not of.since or at > of.since then
        of.since = at
      end
    end
  end

  -- Goes through a log; `visit` is told of each change: the offer, the price before (nil if none), the price (nil where
  -- a state changed), when, and the state.
  local function go_through(walk, log, visit)
    local before_source, before_position = source, position
    source, position = log, 1
    local last = #log
    while position <= last do
      local what = read()
      local offer, state, price, ms, back = walk.offer, nil, nil, false, false
      if what % 2 == 0 then
        what = what / 2
        price = walk[offer].price + (what % 2 == 1 and -(what + 1) / 2 or what / 2)
      elseif what == 1 then
        price = walk[offer].before
      else
        local tag = (what - 3) / 4
        offer, ms, back = tag % 4 + 1, floor(tag / 16) % 2 == 1, floor(tag / 32) % 2 == 1
        local kind = floor(tag / 4) % 4
        if kind == 0 then
          local delta = read()
          if delta == 0 then
            price = walk[offer].before
          else
            delta = delta - 1
            price = walk[offer].price + (delta % 2 == 1 and -(delta + 1) / 2 or delta / 2)
          end
        else
          state = kind - 1
        end
      end
      walk.at = walk.at + (back and -1 or 1) * read()
      walk.offer = offer
      local at = walk.at * 1000 + (ms and read() or 0) + (state == 2 and 1 or 0)
      if visit then
        visit(offer, walk[offer].first and walk[offer].price, price, at, state)
      end
      step(walk, offer, state, price, at)
    end
    source, position = before_source, before_position
  end

  -- One more entry of a log that `walk` has gone through.
  local function entry_of(walk, offer, state, price, at)
    local told = state == 2 and at - 1 or at
    local seconds, ms = floor(told / 1000), told % 1000
    local since, of = seconds - walk.at, walk[offer]
    local what
    local again = price and of.first and of.before > 0 and price == of.before
    if price and offer == walk.offer and ms == 0 and since >= 0 then
      what = again and char(1) or varint(2 * zigzag(price - of.price))
    else
      local tag = offer - 1 + (state and 4 * (state + 1) or 0) + (ms > 0 and 16 or 0) + (since < 0 and 32 or 0)
      what = varint(4 * tag + 3)
      if price then
        what = what .. varint(again and 0 or zigzag(price - of.price) + 1)
      end
    end
    walk.at, walk.offer = seconds, offer
    step(walk, offer, state, price, at)
    return what .. varint(since < 0 and -since or since) .. (ms > 0 and varint(ms) or '')
  end

  local BASE = { 'price', 'before', 'seen', 'since', 'first', 'low', 'low_at', 'high', 'high_at', 'priced' }
  local function pack_base(walk)
    local all = { walk.at, walk.offer, walk.changes, 0 }
    for i = 1, 4 do
      if walk[i].seen then
        all[4] = all[4] + 2 ^ (i - 1)
        for _, name in ipairs(BASE) do
          all[#all + 1] = walk[i][name] or -1
        end
      end
    end
    return cmsgpack.pack(all)
  end
  local function read_base(text)
    local walk, all, next = blank(), cmsgpack.unpack(text), 5
    walk.at, walk.offer, walk.changes = all[1], all[2], all[3]
    for i = 1, 4 do
      if floor(all[4] / 2 ^ (i - 1)) % 2 == 1 then
        for k, name in ipairs(BASE) do
          local is = all[next + k - 1]
          walk[i][name] = is ~= -1 and is or nil
        end
        next = next + #BASE
      end
    end
    return walk
  end

  -- What `content` says, as the facts that parts/product.lua has; adds what a change needs to be added.
  -- content: version; flags (1 another currency, 2 a rate, 4 older changes); the availability's number (0 none); the
  -- offers that were looked at, and 16 times those of which a crawl saw something else; then, where flagged, currency,
  -- rate, what held before the log; the log; for each offer looked at when (zigzag of seconds since the last change or
  -- the offer before, doubled, and 1 where milliseconds follow); for each that a crawl saw otherwise that, and 2 more.
  function tier.facts(entry)
    source, position = entry.content, 1
    local facts = { version = read(), tier = 'cold' }
    local flags, available, offers = byte(take(1)), byte(take(1)), byte(take(1))
    facts.currency = flags % 2 == 1 and take(3) or entry.meta.currency
    facts.availability = available == 255 and take(read()) or AVAILABLE[available]
    if floor(flags / 2) % 2 == 1 then
      facts.rate = tier.read_rate()
    end
    entry.base = flags >= 4 and take(read()) or ''
    entry.walk = flags >= 4 and read_base(entry.base) or blank()
    entry.held = read()
    entry.log = take(read())
    local walk = entry.walk
    go_through(walk, entry.log)
    local at = walk.at
    for i, offer in ipairs(OFFERS) do
      if floor(offers / 2 ^ (i - 1)) % 2 == 1 then
        local of, seen = walk[i], read()
        local since = floor(seen / 2)
        at = at + (since % 2 == 1 and -(since + 1) / 2 or since / 2)
        local ms = at * 1000 + (seen % 2 == 1 and read() or 0)
        facts[offer] = { lastSeen = ms, state = of.seen or 0, since = of.since }
        if of.first then
          facts[offer].price, facts[offer].first = of.price, of.first
          facts[offer].low, facts[offer].lowAt = of.low, of.low_at
          facts[offer].high, facts[offer].highAt = of.high, of.high_at
        end
      end
    end
    for i, offer in ipairs(OFFERS) do
      if floor(offers / 2 ^ (i + 3)) % 2 == 1 then
        local crawled = read()
        facts[offer].crawled = crawled == 0 and '-' or crawled == 1 and '' or string.format('%.0f', crawled - 2)
      end
    end
    facts.changes = walk.changes > 0 and walk.changes or nil
    return facts
  end

  -- The facts of an entry that was recorded; nil of one that has only a place, or of none.
  function tier.known(entry)
    return entry and (entry.content or '') ~= '' and tier.facts(entry) or nil
  end

  -- A product without a past, or whose past is to be written anew.
  function tier.begin(entry)
    if entry.content and entry.content ~= '' then
      call('HDEL', store, entry.product)
    end
    entry.walk, entry.log, entry.base, entry.held = blank(), '', '', 0
    return {}
  end

  -- Notes a change; `offer` is its name, `price` nil where its state changed.
  function tier.add(entry, offer, state, price, at)
    for i = 1, 4 do
      if OFFERS[i] == offer then
        entry.log = entry.log .. entry_of(entry.walk, i, state, price, at)
        entry.held = entry.held + 1
      end
    end
    -- Older changes are put away, so that a look need not go through them.
    if entry.held >= INLINE then
      call('HSET', store, entry.product, (call('HGET', store, entry.product) or '') .. entry.log)
      entry.base, entry.log, entry.held = pack_base(entry.walk), '', 0
    end
  end

  -- The last moment at which an offer cost at most this, before its present price.
  function tier.last_at_most(entry, offer, price)
    local found
    local past = call('HGET', store, entry.product) or ''
    go_through(blank(), past .. entry.log, function(i, old, new, at)
      if OFFERS[i] == offer then
        if old and new and old <= price then
          found = at - 1
        end
        if new and new <= price then
          found = at
        end
      end
    end)
    return found
  end

  -- The lowest and highest price from a moment on, that before the first change since included; nil without a change.
  function tier.range(entry, offer, from)
    local low, high
    local past = call('HGET', store, entry.product) or ''
    go_through(blank(), past .. entry.log, function(i, old, new, at)
      if OFFERS[i] == offer and new then
        for _, price in pairs({ at - 1 >= from and old or nil, at >= from and new or nil }) do
          low, high = math.min(low or price, price), math.max(high or price, price)
        end
      end
    end)
    return low, high
  end

  -- For each offer its change points [t1, price1, …] and [t1, state1, …].
  function tier.past(entry)
    local columns = { {}, {}, {}, {}, {}, {}, {}, {} }
    go_through(blank(), (call('HGET', store, entry.product) or '') .. entry.log, function(i, _, price, at, state)
      local points = columns[2 * i - (price and 1 or 0)]
      points[#points + 1] = at
      points[#points + 1] = price or state
    end)
    return columns
  end

  -- The content that says these facts, and the changes that were noted.
  function tier.content(entry, facts)
    local meta, walk, available, offers = entry.meta, entry.walk, 0, 0
    local seen, otherwise, at = {}, {}, walk.at
    if meta.currency == '' then
      meta.currency = facts.currency
      if meta.buckets > 0 then
        keep_meta(meta)
      end
    end
    if facts.availability then
      available = 255
      for i, known in ipairs(AVAILABLE) do
        available = known == facts.availability and i or available
      end
    end
    for i, offer in ipairs(OFFERS) do
      local of = facts[offer] or {}
      local last_seen, crawled = of.lastSeen, of.crawled
      if last_seen then
        local seconds, ms = floor(last_seen / 1000), last_seen % 1000
        offers = offers + 2 ^ (i - 1)
        seen[#seen + 1] = varint(2 * zigzag(seconds - at) + (ms > 0 and 1 or 0)) .. (ms > 0 and varint(ms) or '')
        at = seconds
      end
      if crawled then
        offers = offers + 2 ^ (i + 3)
        otherwise[#otherwise + 1] = varint(crawled == '-' and 0 or crawled == '' and 1 or tonumber(crawled) + 2)
      end
    end
    local flags = (facts.currency ~= meta.currency and 1 or 0) + (facts.rate and 2 or 0) + (entry.base ~= '' and 4 or 0)
    return table.concat({
      varint(facts.version), char(flags, available, offers),
      flags % 2 == 1 and facts.currency or '',
      available == 255 and varint(#facts.availability) .. facts.availability or '',
      facts.rate and pack_rate(facts.rate) or '',
      entry.base ~= '' and varint(#entry.base) .. entry.base or '',
      varint(entry.held), varint(#entry.log), entry.log,
      table.concat(seen), table.concat(otherwise),
    })
  end

  -- How many buckets a marketplace has, and the names of the products that were looked at in some of them.
  function tier.list(market, first, count)
    local meta = meta_of(market)
    local found = { meta.buckets }
    for bucket = first, math.min(first + count, meta.buckets) - 1 do
      local all = explode(call('HGET', store, market .. ':' .. bucket))
      for i, number in ipairs(all.numbers) do
        if all.contents[i] ~= '' then
          found[#found + 1] = market .. ':' .. tier.asin_of(number)
        end
      end
    end
    return found
  end

  -- Gives a packed product another place in the frontier (a score; nil for none); whether it is packed.
  function tier.move(entry, place)
    if not entry or not entry.i then
      return false
    end
    if place ~= entry.place then
      tier.keep(entry, place, entry.content)
    end
    return true
  end

  -- The first products of a marketplace in one lane (1 firm, 2 due, 3 floor) with scores from `from` to `last`:
  -- { score, product } each, in order; at most `count`, and of those with the last one's score perhaps others than by
  -- name. And the score of the next one; nil where there is none, or the search was given up. Buckets that cannot have
  -- one of them are not opened.
  function tier.first(market, lane, from, last, count)
    local found, scanned, page, pattern = {}, 0, 16, '^' .. market .. ':%d+' .. LANES[lane] .. '$'
    local top = lane == 1 and '(0' or lane == 2 and '(' .. SHIFT or '+inf'
    local lowest, highest, following = from + SHIFT, last + SHIFT, nil
    local function before(a, b)
      return a[1] < b[1] or a[1] == b[1] and a[2] < b[2]
    end
    repeat
      local members = call('ZRANGE', places, from, top, 'BYSCORE', 'LIMIT', scanned, page, 'WITHSCORES')
      for i = 1, #members, 2 do
        local score = tonumber(members[i + 1])
        if find(members[i], pattern) then
          if count == 0 or score > last or found[count] and score >= found[count][1] then
            return found, math.min(following or score, score)
          end
          local blob = call('HGET', store, sub(members[i], 1, -2))
          local held, at_places = layout(blob)
          for k, place in ipairs(column(6, blob, held, at_places)) do
            if place >= lowest and lane_of(place) == lane then
              if place <= highest then
                local number = unpack_bytes('>I6', blob, 6 * k - 3)
                found[#found + 1] = { place - SHIFT, market .. ':' .. tier.asin_of(number) }
              else
                following = math.min(following or math.huge, place - SHIFT)
              end
            end
          end
          table.sort(found, before)
          for k = #found, count + 1, -1 do
            following = math.min(following or math.huge, found[k][1])
            found[k] = nil
          end
        end
      end
      scanned, page = scanned + #members / 2, page * 2
    until #members == 0 or scanned >= 512
    return found, following
  end

  -- Some products that have a place, by chance.
  function tier.some(count)
    local chance = tonumber(call('TIME')[2]) -- math.random begins anew in each run
    local found = {}
    for _, field in ipairs(call('HRANDFIELD', store, 3 * count)) do
      local market = string.match(field, '^(%l%l):%d+$')
      if market and #field < 13 and #found < count then -- no product's older changes
        local all = explode(call('HGET', store, field))
        local picked = (chance + #found * 7919) % #all.numbers + 1
        if all.places[picked] ~= NOWHERE then
          found[#found + 1] = market .. ':' .. tier.asin_of(all.numbers[picked])
        end
      end
    end
    return found
  end

  -- Everything about a product goes.
  function tier.remove(entry)
    call('HDEL', store, entry.product)
    tier.keep(entry, nil, nil)
  end

  return tier
end
