package synth

import (
	"path/filepath"
	"strings"
	"testing"

	"vitdse/configs/network"
	"vitdse/emit"
	"vitdse/hwmodel/temporal"
)

// TestEveryModuleIsCounted holds the list of emitted modules against the resource model: each is counted under a name
// that the model has, its own or the core's.
func TestEveryModuleIsCounted(t *testing.T) {
	for _, part := range []string{"xczu9eg", "lfe5u-85f", "ice40hx8k"} {
		dir := digitsFolder(t, part)
		man, err := emit.LoadManifest(dir)
		if err != nil {
			t.Fatal(err)
		}
		shape, err := temporal.NewShape(network.MustCompile(man.Model), man.Design)
		if err != nil {
			t.Fatal(err)
		}
		by := Estimates(shape, man.Part)
		files, err := filepath.Glob(filepath.Join(dir, "rtl", "vit_*.sv"))
		if err != nil || len(files) < 15 {
			t.Fatalf("%d modules, %v", len(files), err)
		}
		for _, f := range files {
			name := strings.TrimSuffix(filepath.Base(f), ".sv")
			if _, ok := by[(temporal.Engine{}).CountedAs(name)]; !ok {
				t.Errorf("%s: the resource model does not count %s", part, name)
			}
		}
	}
}
