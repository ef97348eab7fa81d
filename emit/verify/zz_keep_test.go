package verify

import (
	"os"
	"os/exec"
	"testing"

	"vitdse/configs"
)

func TestKeep(t *testing.T) {
	m := digitsData(t).model
	e := engine(8, 8, 4)
	e.VectorColumns = 2
	dir, _ := emitDigits(t, configs.Uniform(m, 8, 8), e, 4, 2)
	os.RemoveAll("/tmp/keep")
	if out, err := exec.Command("cp", "-r", dir, "/tmp/keep").CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
}
