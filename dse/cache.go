package dse

import "vitdse/configs"

// numericsHash is the identity of a choice of numerics.
func numericsHash(n configs.Numerics) string {
	hash, err := configs.Key("vitdse numerics 1", n)
	if err != nil {
		panic(err) // only for a NaN or an infinity, which configs refuses
	}
	return configs.ShortHash(hash)
}
