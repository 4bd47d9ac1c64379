-- The number of members of a set, and some of them: first those that the caller knows already.
-- KEYS[1] a set   ARGV[1] longest member (bytes)   ARGV[2] most members
-- ARGV[3], ARGV[4], and so on: members that the caller knows
-- Replies: the number of all members, then those that were chosen
local longest, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local all = redis.call('SMEMBERS', KEYS[1])
local is_member, chosen, is_chosen = {}, {}, {}
for _, member in ipairs(all) do is_member[member] = true end
local function choose(member)
  if #chosen >= most or #member > longest or is_chosen[member] then return end
  is_chosen[member] = true
  chosen[#chosen + 1] = member
end
for i = 3, #ARGV do
  if is_member[ARGV[i]] then choose(ARGV[i]) end
end
for _, member in ipairs(all) do choose(member) end
return { #all, chosen }
