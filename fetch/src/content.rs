//! Whether an answer is what was asked for.

use twin_core::{Error, Result};

/// What an answer must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// JSON.
    Json,
    /// XML.
    Xml,
    /// A LAS or LAZ file.
    Laz,
    /// A GeoTIFF.
    Tiff,
    /// Raw values of so many bytes.
    Raw(u64),
    /// A 7z archive.
    SevenZip,
    /// A zip archive.
    Zip,
}

impl Content {
    fn begins(self, bytes: &[u8]) -> bool {
        let first = bytes.iter().find(|b| !b.is_ascii_whitespace());
        match self {
            Self::Json => matches!(first, Some(b'{' | b'[')),
            // A page of HTML is no feed, though it may be well-formed.
            Self::Xml => first == Some(&b'<') && !is_html(bytes),
            Self::Laz => bytes.starts_with(b"LASF"),
            Self::Tiff => [&b"II*\0"[..], b"MM\0*", b"II+\0", b"MM\0+"]
                .iter()
                .any(|magic| bytes.starts_with(magic)),
            Self::Raw(length) => {
                !bytes.is_empty() && (bytes.len() as u64 == length || !is_html(bytes))
            }
            Self::SevenZip => bytes.starts_with(b"7z\xBC\xAF\x27\x1C"),
            Self::Zip => bytes.starts_with(b"PK\x03\x04"),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Xml => "XML",
            Self::Laz => "LAZ",
            Self::Tiff => "GeoTIFF",
            Self::Raw(_) => "BIL",
            Self::SevenZip => "7z",
            Self::Zip => "zip",
        }
    }

    /// Refuses a page of HTML or an exception in place of data, with the beginning of what it says.
    pub(crate) fn check(self, url: &str, bytes: &[u8]) -> Result<()> {
        if self.begins(bytes) {
            return Ok(());
        }
        let told = plain_text(&bytes[..bytes.len().min(400)]);
        Err(Error::input(
            url,
            format!("le service répond autre chose que du {} : « {told} »", self.name()),
            format!("the service answers something else than {}: \"{told}\"", self.name()),
        ))
    }
}

fn is_html(bytes: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).to_lowercase();
    head.contains("<html") || head.contains("<!doctype html")
}

/// The text between tags, shortened.
pub(crate) fn plain_text(bytes: &[u8]) -> String {
    let mut plain = String::new();
    let mut in_tag = false;
    for c in String::from_utf8_lossy(bytes).chars() {
        match c {
            '<' => in_tag = true,
            '>' => in_tag = false,
            c if !in_tag && !c.is_control() => plain.push(c),
            _ => (),
        }
    }
    plain.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(120).collect()
}
