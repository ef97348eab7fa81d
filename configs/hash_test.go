package configs

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
)

func hashDesign() Design {
	return Design{Name: "a", Model: "m", Part: "p", ClockMHz: 100,
		Numerics: Numerics{8, 8, 0.5, 256, []LayerBits{{"head", 8, 8, PerLayer, 0}}, Quantizer{}},
		Engine:   Engine{4, 4, 2, 0, MulDSP, "", 64, 64, 2, MemAuto, MemAuto, MemBlock, 0, 0, 0}}
}

// The encoding as the documentation of Hash has it, written out by hand.
func TestHashEncoding(t *testing.T) {
	const design = `{"Name":"a","Model":"m","Part":"p","ClockMHz":100,"Numerics":{"SoftmaxBits":8,"GELUBits":8,"LNFold":0.5,` +
		`"CalibImages":256,"Layers":[{"Name":"head","Weights":8,"Activations":8,"Granularity":"layer"}]},` +
		`"Engine":{"TM":4,"TN":4,"TK":2,"VectorColumns":0,"Multiplier":"dsp","Packing":"","BusBits":64,"ReadFIFO":64,"WeightBuffers":2,` +
		`"Activations":"auto","Weights":"auto","Residual":"block"}}`
	sum := sha256.Sum256([]byte(design))
	if got, want := Hash(hashDesign()), hex.EncodeToString(sum[:]); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestHashTellsApart(t *testing.T) {
	d := hashDesign()
	seen := map[string]string{}
	put := func(what, hash string) {
		if before, twice := seen[hash]; twice {
			t.Errorf("%s and %s have the same hash", before, what)
		}
		seen[hash] = what
		if s := ShortHash(hash); len(hash) != 64 || len(s) != 16 || !strings.HasPrefix(hash, s) {
			t.Errorf("hash %s, short %s", hash, s)
		}
	}
	put("design", Hash(d))
	d.Name = "b"
	put("name", Hash(d))
	d = hashDesign()
	d.Numerics.Layers[0].Weights = 7
	put("bits", Hash(d))
	d.Numerics.Layers[0].Group = 32
	put("group", Hash(d))
	d.Numerics.Quantizer.Scheme = Symmetric
	put("quantizer", Hash(d))
	if again := Hash(hashDesign()); seen[again] != "design" {
		t.Error("the hash is not a function")
	}
}
