// Named by the plan beside it.
