-- known: what a crawl has to know of a product before it looks; only reads.
--
-- KEYS[1] {n}:product:ID  KEYS[2] {n}:held:ID  KEYS[3…] {n}:SET:ID:OFFER, all sets of watches of an offer before those
--   of the next, that of falls first
-- ARGV[1] how many sets an offer has  ARGV[2…] the offers, in the order in which their price is the product's
-- RETURNS the product's hash, the held hash (each flat: field, value, …), how many watches there are, and how many of
--   those of falls wait for less than half the product's price
-- CALLED BY pennywren.store.knowing

local call = redis.call
local sets, offers, price, watches, far = tonumber(ARGV[1]), #ARGV - 1, nil, 0, 0
for i = 1, offers do
  price = price or call('HGET', KEYS[1], ARGV[1 + i] .. ':price') or nil
end
local half = string.format('(%.0f', math.floor((tonumber(price) or 0) / 2))
for i = 3, 2 + sets * offers do
  local count = call('ZCARD', KEYS[i])
  watches = watches + count
  if count > 0 and (i - 3) % sets == 0 then
    far = far + call('ZCOUNT', KEYS[i], '-inf', half)
  end
end
return { call('HGETALL', KEYS[1]), call('HGETALL', KEYS[2]), watches, far }
