//! The keys of the world, in order of use. Pods encrypt with one key, and each proxy decrypts with several.

/// Random keys generated for this purpose.
pub const KEYS: [&str; 8] = [
    "yaXvqCBK8WNUWE2255Mzkg==",
    "mTU60Ca7kkZjRiDqEGrPCg==",
    "2YRmHv/d+G4hv1YHvuI6GFsxn3cg6+Rp",
    "f0nhz0NIZDS3Lc5P3LpB2A==",
    "iDx1t8RyW4x7NtMUv3Py2dtnA2zM3P7bsnBQpUmyPEs=",
    "B/3TTWBNWr4w+Z16lhPRhA==",
    "TlVkcoV40ut5crQAwA170w==",
    "Q8m0bAJ57qlCjHpxi831KA==",
];
