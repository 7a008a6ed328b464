"""What a factor or a signal is worth: coefficients, quantile returns, turnover; terms as in alphalens."""
