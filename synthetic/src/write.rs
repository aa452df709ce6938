//! Placeholder.
/// x
#[derive(Debug)]
pub struct Written {
    /// tiles
    pub tiles: Vec<std::path::PathBuf>,
}
impl crate::Commune {
    /// Write.
    pub fn write(&self, folder: &std::path::Path) -> twin_core::Result<Written> {
        std::fs::create_dir_all(folder).map_err(twin_core::Error::write(folder))?;
        Ok(Written { tiles: crate::tiles::write(self, folder)? })
    }
}
