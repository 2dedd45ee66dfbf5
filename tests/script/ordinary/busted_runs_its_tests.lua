-- needs: busted.runner
-- arguments: --output=TAP
require "busted.runner"()

describe("a stack", function()
  local stack
  before_each(function() stack = {} end)

  it("is empty at first", function() assert.are.equal(0, #stack) end)

  it("gives back what came last", function()
    stack[#stack + 1] = "a"
    stack[#stack + 1] = "b"
    assert.are.same({"a", "b"}, stack)
    assert.is_equal("b", table.remove(stack))
  end)

  it("raises", function() assert.has_error(function() error("no", 0) end, "no") end)

  it("is seen by a spy", function()
    local push = spy.new(function(value) stack[#stack + 1] = value end)
    push(7)
    assert.spy(push).was.called_with(7)
  end)

  it("works in coroutines", function()
    local co = coroutine.wrap(function() coroutine.yield(1) end)
    assert.is_truthy(co())
  end)

  pending("is to be written")
end)

describe("what fails", function()
  it("is told", function() assert.is_true(false) end)
end)
