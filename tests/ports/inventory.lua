-- SPDX-License-Identifier: BSD-2-Clause
-- A program of some size for the Lua port: a JSON codec, a template engine, a priority queue, a
-- dependency scheduler on coroutines, big integers and files, each checked. Prints one line a part
-- and, at the end, a digest of all that it computed, so that a wrong byte anywhere shows.

local digest = 5381
local function note(...)
	for _, value in ipairs({...}) do
		for i = 1, #tostring(value) do
			digest = (digest * 33 + tostring(value):byte(i)) & 0xffffffff
		end
	end
end

-- JSON ---------------------------------------------------------------------------------------
local json = {}
local escapes = {['"'] = '\\"', ['\\'] = '\\\\', ['\n'] = '\\n', ['\t'] = '\\t', ['\r'] = '\\r'}

function json.encode(value)
	local kind = type(value)
	if kind == "nil" then
		return "null"
	elseif kind == "boolean" then
		return tostring(value)
	elseif kind == "number" then
		return math.type(value) == "integer" and tostring(value) or string.format("%.17g", value)
	elseif kind == "string" then
		return '"' .. value:gsub('[%c"\\]', function(c)
			return escapes[c] or string.format("\\u%04x", c:byte())
		end) .. '"'
	elseif #value > 0 or next(value) == nil then
		local parts = {}
		for i, item in ipairs(value) do
			parts[i] = json.encode(item)
		end
		return "[" .. table.concat(parts, ",") .. "]"
	end
	local keys = {}
	for key in pairs(value) do
		keys[#keys + 1] = key
	end
	table.sort(keys)
	for i, key in ipairs(keys) do
		keys[i] = json.encode(key) .. ":" .. json.encode(value[key])
	end
	return "{" .. table.concat(keys, ",") .. "}"
end

function json.decode(text)
	local at = 1
	local value
	local function fail(what)
		error(string.format("json: %s at byte %d", what, at), 0)
	end
	local function skip()
		at = text:find("[^ \n\t\r]", at) or #text + 1
	end
	local function expect(c)
		skip()
		if text:sub(at, at) ~= c then
			fail("expected '" .. c .. "'")
		end
		at = at + 1
	end
	local function string_value()
		expect('"')
		local parts = {}
		while true do
			local stop = text:find('["\\]', at) or fail("unfinished string")
			parts[#parts + 1] = text:sub(at, stop - 1)
			at = stop + 1
			if text:sub(stop, stop) == '"' then
				return table.concat(parts)
			end
			local c = text:sub(at, at)
			at = at + 1
			if c == "u" then
				parts[#parts + 1] = utf8.char(tonumber(text:sub(at, at + 3), 16) or fail("bad escape"))
				at = at + 4
			else
				parts[#parts + 1] = ({n = "\n", t = "\t", r = "\r"})[c] or c
			end
		end
	end
	local function sequence(close, item)
		skip()
		if text:sub(at, at) == close then
			at = at + 1
			return
		end
		repeat
			item()
			skip()
			local c = text:sub(at, at)
			at = at + 1
			if c ~= "," and c ~= close then
				fail("expected ',' or '" .. close .. "'")
			end
		until c == close
	end
	function value()
		skip()
		local c = text:sub(at, at)
		if c == '"' then
			return string_value()
		elseif c == "{" then
			at = at + 1
			local object = {}
			sequence("}", function()
				local key = string_value()
				expect(":")
				object[key] = value()
			end)
			return object
		elseif c == "[" then
			at = at + 1
			local array = {}
			sequence("]", function()
				array[#array + 1] = value()
			end)
			return array
		end
		local word = text:match("^[%w+.-]+", at) or fail("unexpected character")
		at = at + #word
		if word == "true" then
			return true
		elseif word == "false" then
			return false
		elseif word == "null" then
			return nil
		end
		return math.tointeger(tonumber(word)) or tonumber(word) or fail("bad number")
	end
	local result = value()
	skip()
	if at <= #text then
		fail("text after the value")
	end
	return result
end

local document = {name = "crate \"A\"\n", items = {1, 2.5, -3, {deep = {true, false}}}, empty = {}, sum = 2 ^ 40}
local text = json.encode(document)
assert(json.encode(json.decode(text)) == text)
assert(json.decode('"\\u00e9\\n"') == "é\n")
for _, bad in ipairs({'{"a":}', "[1,2", '"x', "[1] 2", "nul"}) do
	local ok, message = pcall(json.decode, bad)
	assert(not ok and message:find("^json: "), bad)
	note(message)
end
note(text)
print("json: " .. #text .. " bytes round trip")

-- Heap and scheduler -------------------------------------------------------------------------
local Heap = {}
Heap.__index = Heap
function Heap.new(before)
	return setmetatable({before = before}, Heap)
end
function Heap:push(value)
	local i = #self + 1
	self[i] = value
	while i > 1 and self.before(self[i], self[i // 2]) do
		self[i], self[i // 2] = self[i // 2], self[i]
		i = i // 2
	end
end
function Heap:pop()
	local top, last = self[1], table.remove(self)
	if #self > 0 then
		self[1] = last
		local i = 1
		while true do
			local least = i
			for child = 2 * i, 2 * i + 1 do
				if self[child] and self.before(self[child], self[least]) then
					least = child
				end
			end
			if least == i then
				break
			end
			self[i], self[least] = self[least], self[i]
			i = least
		end
	end
	return top
end

local seed = 42
local function random(n)
	seed = (seed * 1103515245 + 12345) & 0x7fffffff
	return seed // 65536 % n
end

local heap, sorted = Heap.new(function(a, b) return a < b end), {}
for i = 1, 5000 do
	sorted[i] = random(100000)
	heap:push(sorted[i])
end
table.sort(sorted)
for i = 1, 5000 do
	assert(heap:pop() == sorted[i])
end
note(sorted[1], sorted[2500], sorted[5000])
print("heap: 5000 values in order")

local clock, ready, trace = 0, Heap.new(function(a, b)
	return a.at < b.at or a.at == b.at and a.id < b.id
end), {}
local function sleep(ticks)
	coroutine.yield(ticks)
end
for id = 1, 50 do
	ready:push({at = 0, id = id, run = coroutine.wrap(function()
		for step = 1, id % 5 + 1 do
			trace[#trace + 1] = clock .. ":" .. id .. "." .. step
			sleep(id % 7 + step)
		end
	end)})
end
while #ready > 0 do
	local task = ready:pop()
	clock = task.at
	local ticks = task.run()
	if ticks then
		task.at = clock + ticks
		ready:push(task)
	end
end
note(table.concat(trace, " "))
print("scheduler: " .. #trace .. " steps in " .. clock .. " ticks")

-- Big integers -------------------------------------------------------------------------------
local Big = {}
Big.__index = Big
local BASE = 10000000
function Big.new(n)
	return setmetatable({n}, Big)
end
function Big.__mul(a, small)
	local result, carry = setmetatable({}, Big), 0
	for i = 1, #a do
		local product = a[i] * small + carry
		result[i], carry = product % BASE, product // BASE
	end
	while carry > 0 do
		result[#result + 1], carry = carry % BASE, carry // BASE
	end
	return result
end
function Big:__tostring()
	local parts = {tostring(self[#self])}
	for i = #self - 1, 1, -1 do
		parts[#parts + 1] = string.format("%07d", self[i])
	end
	return table.concat(parts)
end
local factorial = Big.new(1)
for i = 2, 300 do
	factorial = factorial * i
end
local digits = tostring(factorial)
assert(#digits == 615 and digits:sub(1, 10) == "3060575122" and digits:sub(-74):match("^0+$"))
note(digits)
print("bignum: 300! has " .. #digits .. " digits")

-- Templates, patterns, floats ----------------------------------------------------------------
local template = "{{#items}}{{name}} x{{count}} = {{total}}\n{{/items}}"
local function render(source, scope)
	return (source:gsub("{{#(%w+)}}(.-){{/%1}}", function(list, body)
		local parts = {}
		for i, item in ipairs(scope[list]) do
			parts[i] = render(body, item)
		end
		return table.concat(parts)
	end):gsub("{{(%w+)}}", function(key)
		return tostring(scope[key])
	end))
end
local stock = {}
for i = 1, 100 do
	local count, price = random(50) + 1, (random(10000) + 1) / 100
	stock[i] = {name = "part" .. i, count = count, total = string.format("%.2f", count * price)}
end
local report = render(template, {items = stock})
local total = 0.0
for amount in report:gmatch("= ([%d.]+)\n") do
	total = total + tonumber(amount)
end
note(report, string.format("%.2f", total), string.format("%.12f", math.sin(1) ^ 2 + math.cos(1) ^ 2))
print("report: " .. select(2, report:gsub("\n", "")) .. " lines")

-- Files, garbage, errors ---------------------------------------------------------------------
local path = arg and arg[1] or "inventory.tmp"
local file = assert(io.open(path, "w"))
for i = 1, 2000 do
	file:write(i, "\t", (i * i) % 997, "\n")
end
file:close()
local count, sum = 0, 0
for line in io.lines(path) do
	local i, square = line:match("^(%d+)\t(%d+)$")
	assert(tonumber(i) ^ 2 % 997 == tonumber(square))
	count, sum = count + 1, sum + square
end
file = assert(io.open(path, "rb"))
assert(file:seek("end") > 0 and file:seek("set", 0) == 0)
assert(#file:read("a") == file:seek("cur"))
file:close()
assert(os.remove(path) and not io.open(path))
note(count, sum)
print("file: " .. count .. " lines")

local weak = setmetatable({}, {__mode = "v"})
for i = 1, 200 do
	local garbage = {}
	for j = 1, 100 do
		garbage[j] = {("x"):rep(j)}
	end
	weak[i] = garbage
end
collectgarbage()
collectgarbage()
assert(next(weak) == nil or #weak < 200)
local ok, trouble = xpcall(function()
	local nothing
	return nothing.field
end, debug.traceback)
assert(not ok and trouble:find("nil value") and trouble:find("stack traceback"))
print("garbage: collected")

print(string.format("digest: %08x", digest))
