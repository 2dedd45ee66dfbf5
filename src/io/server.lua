-- SPDX-License-Identifier: MIT
--
-- server.lua -- serve(): a task a connection.

return {}
