package configs

import (
	"bytes"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
)

const goodSwin = `name: s
family: swin
image: {height: 20, width: 28, channels: 3}
patch: 2
dim: 8
depths: [2, 2]
stage_heads: [1, 2]
window: 4
mlp_ratio: 2
classes: 5
layer_norm_eps: 1.0e-5
mean: [0.5, 0.5, 0.5]
std: [0.5, 0.5, 0.5]
`

// FuzzDecode asks of any bytes: no panic, errors that name the file, and for what is
// accepted the same value from its own text.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{goodModel, goodSwin, goodSpace, goodRun, goodDesign, "", "---",
		"a: &b [*b]", "? {a: b}\n: c",
		"!!map {name: !!binary aGk=}", "<<: {a: 1}", "a:\n- - - -", "\xff\xfe", "name: \"\\ud800\"",
		"%YAML 1.1\n---\na: 1\n...\n"} {
		f.Add([]byte(seed))
	}
	for _, name := range Parts() {
		data, _ := library.ReadFile("parts/" + name + ".yaml")
		f.Add(data)
	}
	if data, err := os.ReadFile("digits/space.yaml"); err == nil {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		check := func(err error) {
			for _, e := range flatten(err) {
				var fe *FileError
				if !errors.As(e, &fe) || !strings.HasPrefix(e.Error(), "f.yaml:") || fe.Line < 0 ||
					fe.Line > bytes.Count(data, []byte("\n"))+bytes.Count(data, []byte("\r"))+2 {
					t.Errorf("error without its place: %v", e)
				}
			}
		}
		_, err := Decode[Model]("f.yaml", data)
		check(err)
		_, err = Decode[Part]("f.yaml", data)
		check(err)
		_, err = Decode[Run]("f.yaml", data)
		check(err)
		s, err := Decode[Space]("f.yaml", data)
		check(err)
		if err == nil && s.Size(tinyModel()).Sign() <= 0 {
			t.Error("an accepted space is empty")
		}
		d, err := DecodeDesign("f.yaml", data, tinyModel(), nil)
		check(err)
		if err == nil {
			back, err := DecodeDesign("f.yaml", MarshalDesign(d), tinyModel(), nil)
			if err != nil || !reflect.DeepEqual(back, d) {
				t.Errorf("round trip: %v\n%+v\n%+v", err, d, back)
			}
		}
	})
}
