-- known: what a crawl has to know of a product before it looks; only reads.
--
-- WITH product
-- WITH cold
-- KEYS[1] {n}:product:ID  KEYS[2] {n}:held:ID  KEYS[3…] {n}:SET:ID:OFFER, all sets of watches of an offer before those
--   of the next, that of falls first; then {n}:warm, {n}:cold, {n}:places
-- ARGV[1] how many sets an offer has  ARGV[2] product  ARGV[3…] the offers, in the order in which their price is the
--   product's
-- RETURNS what is believed of the product, the held hash (each flat: name, value, …), how many watches there are, how
--   many of those of falls wait for less than half the product's price, and when it was last noted that somebody
--   watches or views it (ms; '' for never)
-- CALLED BY pennywren.store.knowing

local call = redis.call
local sets, offers, price, watches, far = tonumber(ARGV[1]), #ARGV - 2, nil, 0, 0
local value = call('GET', KEYS[1])
local facts = value and product_state.read(value)
if not facts then
  local tier = cold_tier(KEYS[#KEYS - 1], KEYS[#KEYS])
  facts = tier.known(tier.open(ARGV[2])) or {}
end
for i = 1, offers do
  price = price or (facts[ARGV[2 + i]] or {}).price
end
local half = string.format('(%.0f', math.floor((price or 0) / 2))
for i = 3, 2 + sets * offers do
  local count = call('ZCARD', KEYS[i])
  watches = watches + count
  if count > 0 and (i - 3) % sets == 0 then
    far = far + call('ZCOUNT', KEYS[i], '-inf', half)
  end
end
local viewed = call('ZSCORE', KEYS[#KEYS - 2], ARGV[2]) or ''
return { product_state.flat(facts), call('HGETALL', KEYS[2]), watches, far, viewed }
