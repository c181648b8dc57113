# Reference values of farringtonFlexible (surveillance 1.20.3, R 4.2.2).
# Usage: Rscript reference.R plain|mended, in a folder with months.csv and weeks.csv.
suppressMessages(library(surveillance))
kind <- commandArgs(TRUE)[1]
ns <- "surveillance"
own <- function(name) getFromNamespace(name, ns)
if (kind == "mended") {
  # Without the line that puts the prior weights in the place of the working weights.
  fit <- own("algo.farrington.fitGLM.flexible")
  mended <- eval(parse(text = gsub("model\\$weights <- omega", "invisible(NULL)", deparse(fit))))
  environment(mended) <- environment(fit)
  assignInNamespace("algo.farrington.fitGLM.flexible", mended, ns)
}
# The threshold functions compute a lower bound that farringtonFlexible does not return.
low <- c()
for (name in paste0("algo.farrington.threshold.", c("farrington", "noufaily"))) local({
  threshold <- own(name)
  assignInNamespace(name, function(...) { lu <- threshold(...); low <<- c(low, lu$lower); lu }, ns)
})
run <- function(file, frequency, control) {
  y <- t(as.matrix(read.csv(file, header = FALSE)))
  out <- list()
  for (reweight in c(TRUE, FALSE)) for (p_trend in c(0.05, 1)) for (rule in c("delta", "nbPlugin", "muan")) {
    low <<- c()
    r <- farringtonFlexible(sts(observed = y, frequency = frequency, epoch = 1:nrow(y)),
      control = c(control, list(range = nrow(y), b = 5, reweight = reweight, alpha = 0.025,
        pThresholdTrend = p_trend, thresholdMethod = rule, glmWarnings = FALSE, limit54 = c(0, 4))))
    k <- r@control
    out[[length(out) + 1]] <- data.frame(kind = kind, steps = sub(".csv", "", file), reweight = reweight,
      trend_p = p_trend, rule = rule, series = 1:ncol(y), expected = signif(c(k$expected), 8),
      lower = signif(low, 8), upper = signif(c(upperbound(r)), 8), score = signif(c(k$score), 8),
      p = signif(c(k$pvalue), 8), trend = c(k$trend))
  }
  do.call(rbind, out)
}
months <- run("months.csv", 12, list(w = 1, noPeriods = 4, pastWeeksNotIncluded = 1))
single <- run("months.csv", 12, list(w = 0, noPeriods = 12, pastWeeksNotIncluded = 3)); single$steps <- "single months"
weeks <- run("weeks.csv", 52, list(w = 3, noPeriods = 10, pastWeeksNotIncluded = 26))
write.csv(rbind(months, single, weeks), paste0(kind, ".csv"), row.names = FALSE, quote = FALSE)
