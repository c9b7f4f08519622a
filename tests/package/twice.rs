// Uses two versions of doors_routing in one program: one creates a token, and the other decodes it.

fn main() {
    const SECRET: &[u8] = b"AAECAwQFBgcICQoLDA0ODw==";
    let token = other::TokenCipher::new(SECRET).unwrap().encode([10, 0, 0, 7].into()).unwrap();
    println!("{}", doors_routing::TokenCipher::new(SECRET).unwrap().decode(token.as_bytes()).unwrap().address);
}
