-- Stores the answer of a gateway, together with its end.
-- KEYS[1] the answers to a question, a hash   ARGV[1] the gateway   ARGV[2] its answer
-- ARGV[3] how long it is kept (s)
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
