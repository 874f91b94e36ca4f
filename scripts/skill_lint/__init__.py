"""What keeps a skill from being built or certified, found before it is sent to Amazon.

`language` judges one interaction model, `clashes` whether its samples contradict each other,
`agreement` whether models, handlers, rule set and words fit together, `manifest` the skill
manifest and `package` a folder with all of it. Each yields every `Problem` it finds.
"""
