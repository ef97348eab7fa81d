package checkpoint_test

import (
	"testing"

	"vitdse/configs"
	"vitdse/golden/checkpoint"
)

// Parameters of timm's models, counted by timm 1.0.31.
func TestParameters(t *testing.T) {
	for name, want := range map[string]int{
		"deit-tiny": 5717416, "deit-tiny-distilled": 5910800, "deit-small-distilled": 22436432,
		"deit-base-distilled": 87338192,
		"vit-s16":             22050664, "vit-b32": 88224232, "vit-l16": 304326632,
		"swin-tiny": 28288354, "swin-small": 49606258, "swin-base": 87768224,
	} {
		t.Run(name, func(t *testing.T) {
			m, err := configs.LoadModel(name)
			if err != nil {
				t.Fatal(err)
			}
			if got := checkpoint.Parameters(m); got != want {
				t.Errorf("%s has %d parameters; timm has %d", name, got, want)
			}
		})
	}
}
