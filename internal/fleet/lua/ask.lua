-- Opens a question, and forgets the oldest ones above a limit.
-- KEYS[1] the open questions, a sorted set   ARGV[1] the time of asking   ARGV[2] the question
-- ARGV[3] most open questions   ARGV[4] how long they are kept (s)
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -tonumber(ARGV[3]) - 1)
redis.call('EXPIRE', KEYS[1], ARGV[4])
