package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"vitdse/configs"
	"vitdse/golden/checkpoint"
)

// isCheckpoint says whether a model is given by its checkpoint: a folder, or a file of weights.
func isCheckpoint(nameOrPath string) bool {
	for _, end := range []string{".safetensors", ".onnx", ".safetensors.index.json"} {
		if strings.HasSuffix(nameOrPath, end) {
			return true
		}
	}
	info, err := os.Stat(nameOrPath)
	return err == nil && info.IsDir()
}

// loadModel reads a built-in model, a model file, or the model of a checkpoint.
func loadModel(nameOrPath string) (configs.Model, error) {
	if isNetwork(nameOrPath) {
		net, _, err := readNetwork(nameOrPath)
		if err != nil {
			return configs.Model{}, err
		}
		return net.Model, nil
	}
	if !isCheckpoint(nameOrPath) {
		return configs.LoadModel(nameOrPath)
	}
	return modelOf(nameOrPath, nil, nil)
}

func modelOf(path string, mean, std []float64) (configs.Model, error) {
	c, err := checkpoint.Load(path)
	if err != nil {
		return configs.Model{}, err
	}
	return c.Model(checkpoint.NameOf(path), mean, std)
}

func newModel(a *app) *cobra.Command {
	var out string
	var force bool
	var mean, std []float64
	cmd := &cobra.Command{
		Use:   "model CHECKPOINT",
		Short: "Write the model file of a checkpoint",
		Long: `Writes the model file of a checkpoint as timm or transformers saved it: a folder with
model.safetensors and config.json, or the file of the weights with config.json beside it. The
shape is that of the tensors; heads, epsilon, activation and pooling are those of config.json;
mean, std, interpolation and crop are those of timm's pretrained_cfg or of
preprocessor_config.json. What contradicts the tensors is an error, and so is a network that
is not carried.

Every command takes the folder itself in the place of a model file.`,
		Example: "  vitdse model checkpoints/deit_tiny --out model.yaml\n" +
			"  vitdse model model.safetensors --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225",
		Args: cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&out, "out", "", "`file` to write; default the terminal")
	cmd.Flags().BoolVar(&force, "force", false, "replace the file if it is there")
	cmd.Flags().Float64SliceVar(&mean, "mean", nil, "`mean` of each channel of pixels over 255, where no file says it")
	cmd.Flags().Float64SliceVar(&std, "std", nil, "standard `deviation` of each channel, where no file says it")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		m, err := modelOf(args[0], mean, std)
		if err != nil {
			return err
		}
		text, err := configs.MarshalModel(m, fmt.Sprintf("Made by vitdse model from the checkpoint %q.", args[0]))
		if err != nil {
			return err
		}
		if out == "" {
			a.Printf("%s", text)
			return nil
		}
		if err := refuseExisting(out, force); err != nil {
			return err
		}
		if err := configs.WriteFile(out, text); err != nil {
			return err
		}
		a.Printf("model %s: %s\n", m.Name, out)
		return nil
	}
	return cmd
}
