-- Sign somebody new up with every request, and tell of the first answer that is not the one wanted.
local number, told = 0, false
local head = "csrf_token=" .. os.getenv("TOKEN") .. "&name=Ada+Reader&guests=0&email="
local headers = { ["Content-Type"] = "application/x-www-form-urlencoded" }
local expected = tonumber(os.getenv("EXPECTED"))

request = function()
  number = number + 1
  local email = "r" .. os.getenv("ROUND") .. "." .. number .. "%40example.net"
  return wrk.format("POST", nil, headers, head .. email)
end

response = function(status)
  if status ~= expected and not told then
    told = true
    io.write("wrong answer: " .. status .. "\n")
  end
end
