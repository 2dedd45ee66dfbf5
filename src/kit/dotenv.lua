-- SPDX-License-Identifier: MIT
--
-- dotenv.lua -- async.dotenv: the variables of a .env file.

return {dotenv = function() end}
