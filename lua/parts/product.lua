-- product: what is believed of a product that has series, under {n}:product:ID; what scripts share.
--
-- One array in msgpack: version, currency, tier, changes, availability, rate; then for each offer that was looked at
-- its name, lastSeen, price, state, crawled, since, first, low, lowAt, high, highAt, states. What is not known is
-- false. One value and not a hash: all the products of a batch are read by one command and written by one, and what
-- most looks read comes first (decision 0012). docs/redis.md says what each word is, and shows it as JSON.
--
-- `states` is how an offer came, went and was not observed: a list [t1, state1, t2, state2, …] of at most FEW of them,
-- and 1 where there were more, which a series has then. Most were ever away once or twice, and a series costs 450 B
-- with nothing in it (decision 0016).
--
-- Scripts have it as facts: a table of the product's own words, and one for each offer under its name.

local product_state = { FEW = 16, OFFERS = { 'buybox', 'amazon', 'new', 'used' } } -- luacheck: ignore 241
do
  local pack, unpack_some, sub = cmsgpack.pack, cmsgpack.unpack_limit, string.sub
  local HEADER, OWN, EACH = '\220\0', 6, 12 -- an array of up to 65,535; how many words a product has, and an offer
  local OFFERS = product_state.OFFERS

  -- The facts that a value says.
  function product_state.read(value)
    local next, version, currency, tier, changes, availability, rate = unpack_some(value, OWN, 3)
    local facts = { version = version, currency = currency, tier = tier, changes = changes or nil,
      availability = availability or nil, rate = rate or nil, buybox = nil }
    while next ~= -1 do
      local offer, last_seen, price, state, crawled, since, first, low, low_at, high, high_at, states
      next, offer, last_seen, price, state, crawled, since, first, low, low_at, high, high_at, states =
        unpack_some(value, EACH, next)
      facts[offer] = { lastSeen = last_seen, price = price or nil, state = state, crawled = crawled or nil,
        since = since or nil, first = first or nil, low = low or nil, lowAt = low_at or nil, high = high or nil,
        highAt = high_at or nil, states = states or nil }
    end
    return facts
  end

  -- The value that says these facts.
  function product_state.write(facts)
    local words = pack(facts.version, facts.currency, facts.tier, facts.changes or false, facts.availability or false,
      facts.rate or false)
    local count = OWN
    for i = 1, 4 do
      local of = facts[OFFERS[i]]
      if of then
        count = count + EACH
        words = words .. pack(OFFERS[i], of.lastSeen, of.price or false, of.state, of.crawled or false,
          of.since or false, of.first or false, of.low or false, of.lowAt or false, of.high or false,
          of.highAt or false, of.states or false)
      end
    end
    return HEADER .. string.char(count) .. words
  end

  -- What most looks are: one more at the first offer, at a moment after it was last seen by less than `gap` ms, that
  -- costs what it did, and of which a crawl saw nothing else. The new value, put together without facts, which would be
  -- half of the work, and the changes so far; nil for any other look.
  function product_state.confirm(value, currency, offer, price, at, gap, availability, rate)
    local next, version, had, tier, changes, available, learned, first, last_seen, last, state, crawled =
      unpack_some(value, OWN + 5, 3)
    if first ~= offer or last ~= price or state ~= 1 or crawled or had ~= currency or at <= last_seen
      or at - last_seen > gap then
      return nil
    end
    return sub(value, 1, 3) .. pack(version + 1, had, tier, changes, availability or available, rate or learned, first,
      at, last, state, crawled) .. sub(value, next + 1), changes or 0
  end

  -- Facts as a flat list of names and values, `OFFER:NAME` where they are an offer's; without its states.
  function product_state.flat(facts)
    local flat = {}
    for name, value in pairs(facts) do
      if type(value) == 'table' then
        for of, its in pairs(value) do
          if of ~= 'states' then
            flat[#flat + 1], flat[#flat + 2] = name .. ':' .. of, its
          end
        end
      else
        flat[#flat + 1], flat[#flat + 2] = name, value
      end
    end
    return flat
  end
end
