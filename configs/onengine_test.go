package configs

import (
	"strings"
	"testing"

	"vitdse/configs/network"
)

// What the golden model runs and the engine does not is refused by its name.
func TestOnEngineNamesTheVariant(t *testing.T) {
	plain, err := LoadModel("deit-tiny")
	if err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Model){
		"":                           func(*Model) {},
		"q/k norm":                   func(m *Model) { m.QKNorm = true },
		"rotary position embeddings": func(m *Model) { m.Rope, m.RopeTheta = RopeGrid, 100 },
		"attention pooling":          func(m *Model) { m.Pool = PoolMap },
		"SwiGLU":                     func(m *Model) { m.Gated, m.Activation = true, SiLU },
	} {
		t.Run(want, func(t *testing.T) {
			m := plain
			change(&m)
			err := OnEngine(network.MustCompile(m))
			if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), "the engine does not run "+want) {
				t.Errorf("error is %v; expected it to name %q", err, want)
			}
		})
	}
}
