//! What this process has used so far, for benches and statistics.

/// Processor time of all threads, s, in steps of a hundredth; known on Linux.
pub fn processor_time_s() -> Option<f64> {
    // Fields 14 and 15 of proc_pid_stat(5), after the name in brackets, in hundredths of a second.
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit(')').next()?.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / 100.0)
}

/// Greatest resident set, MB; known on Linux.
pub fn peak_memory_mb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kb| kb / 1024)
}
