-- believed: what is believed of a product, what was said of it, and what depends on what is claimed now; only reads.
--
-- KEYS[1]  {n}:product:ID  KEYS[2]  {n}:hearsay:ID  KEYS[3]  {n}:held:ID  KEYS[4…7]  {n}:watch:ID:OFFER of the four
--   offers
-- ARGV[1]  the claims, as msgpack: { offer number (1 to 4), offer, price (minor units; nil for no offer), … }: three
--   values each  ARGV[2]  how many there are
-- RETURNS  { currency, rate, hearsay, since when its page fails (ms), watches of the product } (nil where there is
--   none), then for each claim { price, state, lastSeen, low, high, crawled, watches that the price would trigger }
-- CALLED BY pennywren.trust.believed

local call = redis.call
local known = call('HMGET', KEYS[1], 'currency', 'rate')
local watches = 0
for i = 4, 7 do
  watches = watches + call('ZCARD', KEYS[i])
end
local reply = { { known[1], known[2], call('GET', KEYS[2]), call('HGET', KEYS[3], 'failing'), watches } }
local claims = cmsgpack.unpack(ARGV[1])
for i = 1, tonumber(ARGV[2]) do
  local number, offer, price = claims[3 * i - 2], claims[3 * i - 1], claims[3 * i]
  local of = call('HMGET', KEYS[1], offer .. ':price', offer .. ':state', offer .. ':lastSeen', offer .. ':low',
    offer .. ':high', offer .. ':crawled')
  local told = 0
  if price and watches > 0 then
    local above = of[2] == '1' and of[1] and '(' .. of[1] or '+inf'
    told = call('ZCOUNT', KEYS[3 + number], string.format('%.0f', price), above)
  end
  of[7] = told
  reply[i + 1] = of
end
return reply
