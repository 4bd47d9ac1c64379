-- The clock that decides.
-- Reply: {now (ms)}
return { now_ms }
