# The rival: farringtonFlexible of the package surveillance, one series after the other.
suppressMessages(library(surveillance))
y <- t(as.matrix(read.csv(commandArgs(TRUE)[1], header = FALSE)))
series <- sts(observed = y, frequency = 12, epoch = seq_len(nrow(y)))
control <- list(range = nrow(y), b = 5, w = 0, noPeriods = 12, pastWeeksNotIncluded = 3,
  pThresholdTrend = 1, alpha = 0.025, glmWarnings = FALSE, limit54 = c(0, 4))
took <- system.time(result <- farringtonFlexible(series, control = control))[["user.self"]]
cat(sprintf('{"s": %f, "bounds": %.8f}\n', took, sum(upperbound(result))))
