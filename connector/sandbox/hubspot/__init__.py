"""A local HubSpot: its REST surface, limits, lags and oddities, as documented.

`portal` is the account, `server` its door; `gate` refuses in a real account's order, `routes` lists
the paths, and each area has its module: `reads`, `writes`, `search`, `definitions`, `associations`,
`stream_api`, `segments`, `jobs`, `account`, `oauth`. `fill` puts a made-up market in.
"""
